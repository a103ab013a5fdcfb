// CitrineOS's router (`@citrineos/ocpprouter`) as a CSMS on a socket: it looks at each message, keeps what is under way,
// refuses what a station may not say yet. Its database and message queue can't be had; what its modules do with a message
// is told here in short: they hold each station Pending until they know it, and then accept everything.
// What the router logs as a warning or an error is a complaint.
import { createRequire, register } from 'node:module';

const [, , modules, protocol] = process.argv;
const require = createRequire(import.meta.url);
const { WebSocketServer } = require('ws');
const { say, obey, answer } = require('./talk.js');

const at = `file://${modules}/@citrineos`;
const script = (text) => `data:text/javascript,${encodeURIComponent(text)}`;
// The router is of a later release than the base that can be had: two names are missing.
const standIns = {
  '@citrineos/base': script(`export * from '${at}/base/dist/index.js';
    export class OCPPValidator {}; export const NO_ACTION = '';`),
  '@citrineos/data': script('export const sequelize = {}; export class Subscription {}'),
  '@citrineos/util': script('export class OidcTokenProvider {}'),
};
register(script(`const standIns = ${JSON.stringify(standIns)};
  export const resolve = (name, from, next) => (from.parentURL?.includes('/ocpprouter/') && standIns[name]
    ? { url: standIns[name], shortCircuit: true } : next(name, from));`));
const base = await import(`${at}/base/dist/index.js`);
const { MessageRouterImpl } = await import(`${at}/ocpprouter/dist/module/router.js`);

const [tenant, station] = [1, 'garage'];
const identifier = base.createIdentifier(tenant, station);
const words = (parts) => parts.map((part) => (part instanceof Error || typeof part === 'string'
  ? String(part) : JSON.stringify(part))).join(' ');
// 1.6's security extension isn't known to it, and it says so each time.
const complain = (...parts) => words(parts).includes('SecurityEventNotification') || say({ complaint: words(parts) });
const logger = { debug() {}, info() {}, getSubLogger: () => logger, warn: complain, error: complain };

const kept = new Map();
const place = (key, namespace = '') => `${namespace} ${key}`;
const cache = {
  async get(key, namespace) { return kept.get(place(key, namespace)) ?? null; },
  async set(key, value, namespace) { kept.set(place(key, namespace), value); return true; },
  async setIfNotExist(key, value, namespace) { return !kept.has(place(key, namespace)) && cache.set(key, value, namespace); },
  async exists(key, namespace) { return kept.has(place(key, namespace)); },
  async existsAnyInNamespace(namespace) { return [...kept.keys()].some((key) => key.startsWith(`${namespace} `)); },
  async remove(key, namespace) { return kept.delete(place(key, namespace)); },
};
const nothing = new Proxy({}, { get: () => async () => true });
const asked = new Map();

// The modules: a station is Pending from its first BootNotification until the test lets it in.
const calls = protocol === 'ocpp1.6' ? base.OCPP1_6_CALL_SCHEMA_MAP : base.OCPP2_0_1_CALL_SCHEMA_MAP;
const forbidden = [...calls.keys()].filter((action) => action !== 'BootNotification');
let status = 'Pending';

async function boot() {
  for (const action of forbidden) {
    await (status === 'Pending' ? cache.set(action, 'blacklisted', identifier) : cache.remove(action, identifier));
  }
  return { status, currentTime: new Date().toISOString(), interval: status === 'Pending' ? 1 : 300 };
}

let meter = [];
function reckon({ eventType, meterValue = [] }) {
  meter = eventType === 'Started' ? meterValue : [...meter, ...meterValue];
  if (eventType === 'Ended') say({ kwh: base.MeterValueUtils.getTotalKwh(meter) });
}

const sender = { async send({ state, action, payload, context }) {
  const id = context.correlationId;
  if (state === base.MessageState.Response) {
    asked.get(id)?.(payload);
  } else {
    const usual = answer(action, payload);
    if (action === 'TransactionEvent') reckon(payload);
    const reply = action === 'BootNotification' ? await boot() : usual;
    setImmediate(() => router.sendCallResult(id, station, tenant, protocol, action, reply));
  }
  return { success: true };
} };

let socket;
let away = false;
let refusals = 0;
const router = new MessageRouterImpl({ maxCallLengthSeconds: 20 }, cache, sender, nothing, nothing,
  async (_, text) => socket.send(text), logger, undefined, nothing);
const server = new WebSocketServer({
  host: '127.0.0.1',
  port: 0,
  handleProtocols: (offered) => offered.has(protocol) && protocol,
  verifyClient(_, verified) {
    if (!refusals) return verified(true);
    say({ refused: 401 });
    refusals -= 1;
    return verified(false, 401);
  },
});
server.on('connection', async (ws) => {
  if (away) return ws.terminate();
  socket = ws;
  ws.on('message', (data) => router.onMessage(identifier, data.toString(), new Date(), protocol));
  ws.on('close', () => router.deregisterConnection(tenant, station));
  await router.registerConnection(tenant, station, protocol);
  say({ connected: station, protocol });
});

// As its queue does: what the router can't send yet comes again.
async function call(action, payload) {
  const id = crypto.randomUUID();
  const answered = new Promise((resolve) => asked.set(id, resolve));
  for (;;) {
    try {
      const sent = await router.sendCall(station, tenant, protocol, action, payload, id);
      if (!sent.success) throw Object.assign(new Error('not sent'), { code: 'NotSent' });
      return await answered;
    } catch (error) {
      if (!(error instanceof base.RetryMessageError)) throw error;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}

// What the test does to it: let the station say something while it is Pending, let it in, go away, come back, and refuse it for a while.
async function steer({ allow, accept, away: gone, refusals: many }) {
  if (allow) await cache.remove(allow, identifier);
  if (accept) status = 'Accepted';
  if (gone !== undefined) [away, refusals] = [gone, gone ? 0 : many];
  if (away) socket.terminate();
  return {};
}
obey((action, payload) => (action === 'steer' ? steer(payload) : call(action, payload)));
