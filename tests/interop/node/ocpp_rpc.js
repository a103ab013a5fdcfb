// The package `ocpp-rpc` as a CSMS, in strict mode: what its schemas refuse is a complaint.
'use strict';
const { RPCServer } = require('ocpp-rpc');
const { say, obey, answer } = require('./talk.js');

let station = null;
const server = new RPCServer({ protocols: [process.argv[2]], strictMode: true });
server.auth((accept) => accept());
server.on('client', (client) => {
  station = client;
  client.on('strictValidationFailure', (failure) =>
    say({ complaint: failure.error.message, details: failure.error.details, of: failure.method }));
  client.handle(({ method, params }) => answer(method, params));
  say({ connected: client.identity, protocol: client.protocol });
});
server.listen(0, '127.0.0.1');
obey((action, payload) => station.call(action, payload));
