// The package `@voltbras/ts-ocpp` as a CSMS for 1.6: what it refuses by its schemas is a complaint.
'use strict';
const { say, obey, answer } = require('./talk.js');
const { CentralSystem } = require('@voltbras/ts-ocpp');

let station = null;
const server = new CentralSystem(
  0,
  (request, { chargePointId }) => {
    const { action, ocppVersion, ...payload } = request;
    station = chargePointId;
    return { action, ocppVersion, ...answer(action, payload) };
  },
  {
    onWebsocketRequestResponse: (initiator, kind, { errorDescription }) => {
      // It knows nothing of the security extension, and says so.
      const refused = initiator === 'chargepoint' && errorDescription && !errorDescription.includes('action is not valid');
      if (kind === 'response' && refused) say({ complaint: errorDescription });
    },
  },
);
obey(async (action, payload) => {
  const answered = await server.sendRequest({ ocppVersion: 'v1.6-json', chargePointId: station, action, payload });
  if (answered.isLeft()) throw answered.extract();
  return answered.extract();
});
