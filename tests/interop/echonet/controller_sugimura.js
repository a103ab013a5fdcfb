// echonet-lite.js as a controller: finds who is there and prints what it learnt, as JSON.
'use strict';
const EL = require('echonet-lite');

async function main() {
  await EL.initialize(['05ff01'], () => {}, 4, { v4: 'auto', autoGetProperties: true, autoGetDelay: 20 });
  EL.search();
  setInterval(() => console.log(JSON.stringify(EL.facilities)), 500);
}
main();
