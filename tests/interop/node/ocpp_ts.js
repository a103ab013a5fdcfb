// The package `ocpp-ts` as a CSMS, and for 2.0.1 its fork `@extrawest/node-ts-ocpp`: what it answers with a CALLERROR
// about its format is a complaint.
'use strict';
const name = process.argv[2] === 'ocpp1.6' ? 'ocpp-ts' : '@extrawest/node-ts-ocpp';
const { OcppServer } = require(name);
const { Protocol } = require(`${name}/dist/src/impl/Protocol`);
const schemas = require(`${name}/dist/src/impl/schemas`).default;
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
  const actions = Object.keys(schemas).filter((schema) => !schema.endsWith('Response'));
  for (const action of actions.map((schema) => schema.replace(/Request$/, ''))) {
    client.on(action, (payload, reply) => reply(answer(action, payload)));
  }
  say({ connected: client.getCpId(), protocol: process.argv[2] });
});
server.listen(0);
obey((action, payload) => station.callRequest(action, payload));
