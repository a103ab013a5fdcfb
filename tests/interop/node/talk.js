// What the CSMSs say to the test: a JSON line each for what happens, and a line from it for each CALL to send.
'use strict';
const net = require('net');
const readline = require('readline');

// Servers that would listen everywhere, at any port: here only on loopback, at a free one that is told.
const listen = net.Server.prototype.listen;
net.Server.prototype.listen = function () {
  return listen.call(this, { host: '127.0.0.1', port: 0 }, () => say({ port: this.address().port }));
};

function say(what) {
  process.stdout.write(JSON.stringify(what) + '\n');
}

// `call(action, payload)` promises the station's answer.
function obey(call) {
  readline.createInterface({ input: process.stdin }).on('line', async (line) => {
    const { number, action, payload } = JSON.parse(line);
    try {
      say({ number, answer: await call(action, payload) });
    } catch (error) {
      say({ number, error: `${error.code || error.rpcErrorCode || error.name}: ${error.message}` });
    }
  });
}

let transactions = 6;

// A CSMS that accepts everything.
const answers = {
  BootNotification: () => ({ status: 'Accepted', currentTime: new Date().toISOString(), interval: 300 }),
  Heartbeat: () => ({ currentTime: new Date().toISOString() }),
  StartTransaction: () => ({ transactionId: ++transactions, idTagInfo: { status: 'Accepted' } }),
  PullDynamicScheduleUpdate: () => ({ status: 'Accepted', scheduleUpdate: { limit: 8 } }),
  // A certificate that runs out within a month is renewed.
  SignCertificate: () => ({ status: 'Rejected' }),
  Authorize: (payload) => ({ [payload.idTag ? 'idTagInfo' : 'idTokenInfo']: { status: 'Accepted' } }),
};

function answer(action, payload) {
  say({ action, payload });
  return answers[action] ? answers[action](payload) : {};
}

module.exports = { say, obey, answer };
