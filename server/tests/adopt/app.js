// An application of the old kind: it lets alice log in, and tells the cookie that her browser gets.
const express = require('express');
const session = require('express-session');
const { RedisStore } = require('connect-redis');
const { createClient } = require('redis');

async function main() {
  const client = createClient({ url: process.env.REDIS_URL });
  await client.connect();
  const app = express();
  const options = { secret: process.env.SECRET, resave: false, saveUninitialized: false, cookie: { maxAge: 3600000 } };
  app.use(session({ store: new RedisStore({ client }), ...options }));
  app.get('/login', (request, response) => {
    request.session.userId = 'alice';
    response.send('welcome');
  });
  const server = app.listen(0, '127.0.0.1', async () => {
    const answer = await fetch(`http://127.0.0.1:${server.address().port}/login`);
    console.log(answer.headers.get('set-cookie'));
    process.exit(0);
  });
}

main();
