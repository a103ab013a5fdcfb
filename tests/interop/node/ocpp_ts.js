// The package `ocpp-ts` as a CSMS: what it answers with a CALLERROR about its format is a complaint.
'use strict';
const { OcppServer } = require('ocpp-ts');
const { Protocol } = require('ocpp-ts/dist/src/impl/Protocol');
const schemas = require('ocpp-ts/dist/src/impl/schemas').default;
const { say, obey, answer } = require('./talk.js');

const refuse = Protocol.prototype.callError;
Protocol.prototype.callError = function (number, error) {
  if (!['NotImplemented', 'NotSupported'].includes(error.code)) say({ complaint: error.code, details: error.details });
  return refuse.call(this, number, error);
};

let station = null;
const server = new OcppServer();
server.on('connection', (client) => {
  station = client;
  client.on('error', (error) => say({ complaint: error.message }));
  for (const action of Object.keys(schemas).filter((name) => !name.endsWith('Response'))) {
    client.on(action, (payload, reply) => reply(answer(action, payload)));
  }
  say({ connected: client.getCpId(), protocol: 'ocpp1.6' });
});
server.listen(0);
obey((action, payload) => station.callRequest(action, payload));
