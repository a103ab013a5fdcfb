// The package `@citrineos/base`: its router's look at messages. Lines [version, kind, action, payload] in; what it
// refuses, and what it takes out of them, as JSON lines out.
import readline from 'node:readline';

console.warn = () => {}; // of formats that its ajv doesn't know
const { AbstractMessageRouter } = await import(`${process.argv[2]}/@citrineos/base/dist/index.js`);
const quiet = Object.fromEntries(['debug', 'info', 'warn', 'error'].map((name) => [name, () => {}]));
quiet.getSubLogger = () => quiet;
class Router extends AbstractMessageRouter {}
const router = new Router({}, {}, {}, {}, async () => {}, quiet);

const members = (node, path = '') => (node && typeof node === 'object'
  ? Object.entries(node).flatMap(([name, value]) => [`${path}/${name}`, ...members(value, `${path}/${name}`)]) : []);

for await (const line of readline.createInterface({ input: process.stdin })) {
  const [version, kind, action, payload] = JSON.parse(line);
  const before = members(payload);
  const found = kind === 'CALL'
    ? router._validateCall('1:garage', [2, 'id', action, payload], `ocpp${version}`)
    : router._validateCallResult('1:garage', action, [3, 'id', payload], `ocpp${version}`);
  const after = new Set(members(payload));
  const lost = before.filter((name) => !after.has(name));
  if (!found.isValid || lost.length) {
    process.stdout.write(`${JSON.stringify({ version, action, unknown: !found.errors, errors: found.errors, lost })}\n`);
  }
}
