// An EV charger on node-echonet-lite. Standard input: `plug`, `unplug`. Prints what was set.
'use strict';
const EchonetLite = require('node-echonet-lite');

const hex = (text) => Buffer.from(text, 'hex');
const NODE = {
  0x80: hex('30'), 0x82: hex('010e0100'), 0x83: hex('fe000077000000000000000000000000f1'), 0x8a: hex('000077'),
  0xd3: hex('000001'), 0xd6: hex('0102a101'), 0xd5: hex('0102a101'),
};
const CHARGER = {
  0x80: hex('30'), 0x81: hex('00'), 0x82: hex('00005200'), 0x88: hex('42'), 0x8a: hex('000077'),
  0x9d: hex('04808188c7'), 0x9e: hex('0381daed'), 0x9f: hex('0e808182888a9d9e9fc5c7ccd3daed'),
  0xc5: hex('00001770'), 0xc7: hex('30'), 0xcc: hex('11'), 0xd3: hex('00000000'), 0xda: hex('44'), 0xed: hex('012c'),
};
const SETTABLE = new Set([0x81, 0xda, 0xed]);
const el = new EchonetLite({ lang: 'en', type: 'lan' });

function answer(address, message, esv, properties) {
  el.setSelfEoj(message.deoj);
  el.setTransactionId(message.tid);
  el.send(address, message.seoj, esv, properties.map(([epc, edt]) => ({ epc, edt: edt.length ? edt : null })));
  el.setTransactionId(null);
}

function received(res) {
  const message = res.message;
  if (!message || res.device.address === process.argv[2]) {
    return;
  }
  const kind = message.deoj[0] * 256 + message.deoj[1];
  const values = kind === 0x0ef0 ? NODE : kind === 0x02a1 && message.deoj[2] === 1 ? CHARGER : null;
  if (values && message.esv === 'Get') {
    const found = message.prop.map((p) => [p.epc, values[p.epc] || Buffer.alloc(0)]);
    answer(res.device.address, message, found.every(([, edt]) => edt.length) ? 'Get_Res' : 'Get_SNA', found);
  } else if (values && message.esv === 'SetC') {
    const left = message.prop.map((p) => {
      const edt = p.buffer || (p.edt && p.edt.buffer) || Buffer.alloc(0);
      if (!SETTABLE.has(p.epc)) {
        return [p.epc, edt];
      }
      values[p.epc] = Buffer.from(edt);
      console.log(`set 02a101 ${p.epc.toString(16)} ${values[p.epc].toString('hex')}`);
      return [p.epc, Buffer.alloc(0)];
    });
    answer(res.device.address, message, left.every(([, edt]) => !edt.length) ? 'Set_Res' : 'SetC_SNA', left);
  }
}

el.init((error) => {
  if (error) {
    throw error;
  }
  el.on('data', received);
  console.log('ready');
});
process.stdin.on('data', (data) => {
  for (const word of data.toString().split('\n').filter(Boolean)) {
    CHARGER[0xc7] = hex(word === 'plug' ? '41' : '30');
    el.setSelfEoj([0x02, 0xa1, 0x01]);
    el.send('224.0.23.0', [0x0e, 0xf0, 0x01], 'INF', [{ epc: 0xc7, edt: CHARGER[0xc7] }]);
    console.log('done ' + word);
  }
});
