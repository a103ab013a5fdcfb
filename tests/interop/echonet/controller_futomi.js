// node-echonet-lite as a controller: discovers, reads the maps and a property of each object, prints them as JSON.
'use strict';
const EchonetLite = require('node-echonet-lite');
const el = new EchonetLite({ lang: 'en', type: 'lan' });

el.init((error) => {
  if (error) {
    throw error;
  }
  el.startDiscovery((failed, res) => {
    if (failed) {
      return;
    }
    const { address, eoj } = res.device;
    el.getPropertyMaps(address, eoj[0], (wrong, maps) => {
      const told = wrong ? String(wrong) : maps.message.data;
      el.getPropertyValue(address, eoj[0], 0x80, (bad, value) => {
        console.log(JSON.stringify({ address, eoj, maps: told, status: bad ? String(bad) : value.message.data }));
      });
    });
  });
});
