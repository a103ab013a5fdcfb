// A Modbus server on the npm package modbus-serial: register n holds 31 n + 7, writes are taken.
// usage: node modbus_serial_server.js tcp PORT | rtu TTY BAUD UNIT
const { ServerTCP, ServerSerial } = require("modbus-serial");
const [kind, where, baud, unit] = process.argv.slice(2);
const written = {};
const value = (address) => written[address] ?? (31 * address + 7) & 0xffff;
const registers = {
  getInputRegister: value,
  getHoldingRegister: value,
  setRegister: (address, word) => { written[address] = word; },
};
if (kind === "tcp") {
  const server = new ServerTCP(registers, { host: "127.0.0.1", port: Number(where), unitID: 255 });
  server.on("initialized", () => console.log("ready"));
} else {
  const server = new ServerSerial(registers, { port: where, baudRate: Number(baud), unitID: Number(unit) });
  server.on("initialized", () => console.log("ready"));
  server.on("error", () => {});
}
