// An EV charger on echonet-lite.js. Standard input: `plug`, `unplug`. Prints what was set.
'use strict';
const EL = require('echonet-lite');

const CHARGER = '02a101';
const EVCS = Number(process.argv[2] || '1');
const objects = [];
for (let number = 1; number <= EVCS; number++) {
  objects.push('02a1' + number.toString(16).padStart(2, '0'));
}
const bytes = (value, size) => [...Array(size).keys()].reverse().map((at) => (value >>> (8 * at)) & 0xff);
const values = {};
for (const eoj of objects) {
  values[eoj] = {
    '80': [0x30], '81': [0x00], '82': [0x00, 0x00, 0x52, 0x00], '88': [0x42], '8a': [0x00, 0x00, 0x77],
    '9d': [4, 0x80, 0x81, 0x88, 0xc7], '9e': [3, 0x81, 0xda, 0xed],
    '9f': [14, 0x80, 0x81, 0x82, 0x88, 0x8a, 0x9d, 0x9e, 0x9f, 0xc5, 0xc7, 0xcc, 0xd3, 0xda, 0xed],
    'c5': bytes(6000, 4), 'c7': [0x30], 'cc': [0x11], 'd3': bytes(0, 4), 'da': [0x44], 'ed': bytes(300, 2),
  };
}

function received(rinfo, els, error) {
  if (error || !els || !values[els.DEOJ]) {
    return;
  }
  if (els.ESV === EL.GET) {
    EL.replyGetDetail(rinfo, els, values);
  } else if (els.ESV === EL.SETC) {
    const list = [];
    let whole = true;
    for (const epc in els.DETAILs) {
      const edt = EL.toHexArray(els.DETAILs[epc]);
      const good = ['81', 'da', 'ed'].includes(epc);
      whole = whole && good;
      if (good) {
        values[els.DEOJ][epc] = edt;
        console.log(`set ${els.DEOJ} ${epc} ${els.DETAILs[epc]}`);
      }
      list.push(parseInt(epc, 16), good ? 0 : edt.length, ...(good ? [] : edt));
    }
    const head = [0x10, 0x81, ...EL.toHexArray(els.TID), ...EL.toHexArray(els.DEOJ), ...EL.toHexArray(els.SEOJ)];
    EL.sendArray(rinfo, [...head, whole ? 0x71 : 0x51, Object.keys(els.DETAILs).length, ...list]);
  }
}

async function main() {
  await EL.initialize(objects, received, 4, { v4: 'auto', autoGetProperties: false });
  console.log('ready');
  process.stdin.on('data', (data) => {
    for (const word of data.toString().split('\n').filter(Boolean)) {
      const status = word === 'plug' ? 0x41 : 0x30;
      values[CHARGER]['c7'] = [status];
      EL.sendOPC1(EL.EL_Multi, EL.toHexArray(CHARGER), [0x0e, 0xf0, 0x01], 0x73, 0xc7, [status]);
      console.log('done ' + word);
    }
  });
}
main();
