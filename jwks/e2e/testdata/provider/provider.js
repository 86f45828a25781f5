// An OpenID provider on a loopback port. It prints its issuer when it is ready.
//
// A line of names on stdin, such as "old new", replaces the keys of the provider. A name stands
// for one key per algorithm, which is generated when the name is first used. All keys are
// published, and the keys of the first name sign. The provider then prints the same line. It ends when
// stdin is closed.
import { generateKeyPairSync } from 'node:crypto';
import { createServer } from 'node:http';
import { createInterface } from 'node:readline';
import Provider from 'oidc-provider';

console.info = console.warn; // only the tests' lines go to stdout

const keysOf = {};

function keys(name) {
  keysOf[name] ??= [
    generateKeyPairSync('rsa', { modulusLength: 2048 }),
    generateKeyPairSync('ec', { namedCurve: 'P-256' }),
    generateKeyPairSync('ed25519'),
  ].map(({ privateKey }) => privateKey.export({ format: 'jwk' }));
  return keysOf[name];
}

// An access token for https://api.example/ES256 is signed with ES256.
function getResourceServerInfo(ctx, resource) {
  return {
    scope: '',
    audience: resource,
    accessTokenFormat: 'jwt',
    accessTokenTTL: 24 * 60 * 60,
    jwt: { sign: { alg: new URL(resource).pathname.slice(1) } },
  };
}

const server = createServer((request, response) => handle(request, response)).listen(0, '127.0.0.1');
await new Promise((resolve) => server.once('listening', resolve));
const issuer = `http://127.0.0.1:${server.address().port}`;
let handle;

function setKeys(names) {
  handle = new Provider(issuer, {
    jwks: { keys: names.flatMap(keys) },
    cookies: { keys: ['a secret of the tests'] },
    clients: [{
      client_id: 'service',
      client_secret: 'a secret of the tests',
      grant_types: ['client_credentials'],
      redirect_uris: [],
      response_types: [],
    }, {
      client_id: 'web',
      client_secret: 'a secret of the tests',
      redirect_uris: ['https://web.example/callback'],
    }],
    features: {
      clientCredentials: { enabled: true },
      devInteractions: { enabled: true }, // a login that takes any name
      resourceIndicators: { enabled: true, getResourceServerInfo },
    },
  }).callback();
}

setKeys(['first']);
console.log(issuer);
for await (const line of createInterface({ input: process.stdin })) {
  setKeys(line.split(' '));
  console.log(line);
}
process.exit();
