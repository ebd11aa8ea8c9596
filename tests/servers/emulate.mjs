// npm's emulate (service google) on loopback, with a door in front that a test can shut. Argument: the owner's address.
import http from 'node:http';
import { createEmulator } from 'emulate';

const email = process.argv[2];
const emulator = await createEmulator({
  service: 'google',
  port: 0,
  seed: {
    tokens: { 'emulator-token': { login: email, scopes: [] } },
    google: {
      users: [{ email, name: 'Owner' }],
      messages: [],
      calendars: [{ id: 'primary', user_email: email, summary: email, primary: true, selected: true, time_zone: 'Europe/Berlin' }],
      calendar_events: [],
    },
  },
});
const { port } = new URL(emulator.url);
let shut = false;
const door = http.createServer((request, response) => {
  if (request.url.startsWith('/-/')) {
    if (request.url === '/-/reset') emulator.reset();
    shut = request.url === '/-/down';
    response.end();
    return;
  }
  if (shut) {
    request.socket.destroy();
    return;
  }
  const { method, url, headers } = request;
  request.pipe(http.request({ host: '127.0.0.1', port, method, path: url, headers }, (answer) => {
    response.writeHead(answer.statusCode, answer.headers);
    answer.pipe(response);
  }));
});
door.listen(0, '127.0.0.1', () => console.log(JSON.stringify({ port: door.address().port })));
