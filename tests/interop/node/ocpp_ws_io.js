// The package `ocpp-ws-io` as a CSMS, in strict mode: what its schemas refuse is a complaint.
'use strict';
const fs = require('fs');
const Module = require('module');
const { say, obey, answer } = require('./talk.js');

// Its logger, which isn't to be had from every registry.
const quiet = new Proxy({}, { get: (_, name) => (name === 'child' ? () => quiet : () => {}) });
const load = Module._load;
Module._load = function (name, ...more) {
  if (name !== 'voltlog-io') return load.call(this, name, ...more);
  return { createLogger: () => quiet, consoleTransport: () => ({}), prettyTransport: () => ({}) };
};
const { OCPPServer } = require('ocpp-ws-io');

let station = null;
const [, , protocol, securityProfile = '0', cert, key, ca] = process.argv;
const read = (file) => file && fs.readFileSync(file);
const server = new OCPPServer({ protocols: [protocol], strictMode: true, logging: false,
  securityProfile: Number(securityProfile), tls: { cert: read(cert), key: read(key), ca: read(ca) } });
server.auth((ctx) => {
  const { password, clientCertificate } = ctx.handshake;
  say({ password: password && password.toString(), subject: clientCertificate && clientCertificate.subject });
  ctx.accept();
});
server.on('client', (client) => {
  station = client;
  client.on('strictValidationFailure', (failure) =>
    say({ complaint: failure.error.message, details: failure.error.details, of: failure.message }));
  client.on('badMessage', (bad) => say({ complaint: bad.error.message, of: bad.message }));
  client.handle((action, { params }) => answer(action, params));
  say({ connected: client.identity, protocol: client.protocol });
});
server.listen(0, '127.0.0.1');
obey((action, payload) => station.call(protocol, action, payload));
