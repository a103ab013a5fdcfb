// A Modbus server on npm's modbus-serial, steered by lines on stdin, for tests/interop/modbuspeer.py: as peer.c, without faults.
// peer.js tcp PORT | peer.js rtu DEVICE BAUD UNIT
const { ServerTCP, ServerSerial } = require("modbus-serial");
const readline = require("readline");

const [kind, where, baud, unit] = process.argv.slice(2);
const tables = { holding: new Map(), input: new Map() };
const word = (table, address) => {
  if (tables[table].has(address)) return tables[table].get(address);
  throw { modbusErrorCode: 2 };
};
const wrote = (code, address, words) => {
  words.forEach((value, index) => tables.holding.set(address + index, value));
  console.log(["wrote", code, address, ...words].join(" "));
};
const vector = {
  getHoldingRegister: (address) => word("holding", address),
  getInputRegister: (address) => word("input", address),
  setRegister: (address, value) => wrote(6, address, [value]),
  setRegisterArray: (address, values) => wrote(16, address, values),
};
const server = kind === "tcp"
  ? new ServerTCP(vector, { host: "127.0.0.1", port: Number(where), unitID: 0 })
  : new ServerSerial(vector, { port: where, baudRate: Number(baud), unitID: Number(unit) });
server.on("initialized", () => console.log(`ready ${kind === "tcp" ? where : 0}`));
server.on(kind === "tcp" ? "socketError" : "error", () => {});
readline.createInterface({ input: process.stdin }).on("line", (line) => {
  const [command, table, address, ...words] = line.split(" ");
  if (command === "set") words.forEach((value, index) => tables[table].set(Number(address) + index, Number(value)));
  if (command === "fill") for (let n = 0; n < 2000; n++) Object.values(tables).forEach((all) => all.set(n, (31 * n + 7) & 0xffff));
}).on("close", () => process.exit(0));
