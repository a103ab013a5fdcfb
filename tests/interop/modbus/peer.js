// A Modbus TCP server on modbus-serial, steered by lines on stdin, for tests/interop/test_modbus.py: as peer.c, without faults.
const ModbusRTU = require("modbus-serial");
const readline = require("readline");

const tables = { holding: new Map(), input: new Map() };
const word = (table, address) => {
  if (tables[table].has(address)) return tables[table].get(address);
  throw { modbusErrorCode: 2 };
};
const wrote = (code, address, words) => console.log(["wrote", code, address, ...words].join(" "));
const vector = {
  getHoldingRegister: (address) => word("holding", address),
  getInputRegister: (address) => word("input", address),
  setRegister: (address, value) => wrote(6, address, [value]),
  setRegisterArray: (address, values) => wrote(16, address, values),
};
const server = new ModbusRTU.ServerTCP(vector, { host: "127.0.0.1", port: Number(process.argv[2]), unitID: 0 });
server.on("initialized", () => console.log(`ready ${process.argv[2]}`));
server.on("socketError", () => {});
readline.createInterface({ input: process.stdin }).on("line", (line) => {
  const [command, table, address, ...words] = line.split(" ");
  if (command === "set") words.forEach((value, index) => tables[table].set(Number(address) + index, Number(value)));
}).on("close", () => process.exit(0));
