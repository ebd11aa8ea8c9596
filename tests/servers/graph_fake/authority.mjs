// An authorization server as Microsoft's looks to a public client: device code, PKCE, rotation. One JSON argument.
import { readFileSync } from 'node:fs';
import https from 'node:https';
import Provider from 'oidc-provider';

const { certificate, key, scopes, mount } = JSON.parse(process.argv[2]);
const server = https.createServer({ cert: readFileSync(certificate), key: readFileSync(key) });
await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
const port = server.address().port;

const provider = new Provider(`https://localhost:${port}${mount}`, {
  clients: [{
    client_id: 'client-1',
    application_type: 'native',
    redirect_uris: ['http://localhost/', 'http://localhost'],
    grant_types: ['authorization_code', 'refresh_token', 'urn:ietf:params:oauth:grant-type:device_code'],
    response_types: ['code'],
    token_endpoint_auth_method: 'none',
  }],
  scopes: ['openid', 'profile', 'offline_access', ...scopes],
  cookies: { keys: ['a key for tests'] },
  features: { revocation: { enabled: true }, devInteractions: { enabled: true }, deviceFlow: { enabled: true } },
  claims: { openid: ['sub'], profile: ['preferred_username'] },
  conformIdTokenClaims: false,
  findAccount: (_, id) => ({ accountId: id, claims: () => ({ sub: id, preferred_username: 'sam@example.org' }) }),
  issueRefreshToken: () => true,
  pkce: { required: () => true },
  rotateRefreshToken: true,
  ttl: { AccessToken: 3600, IdToken: 3600, RefreshToken: 86400, Interaction: 600, Session: 600, Grant: 86400, AuthorizationCode: 60, DeviceCode: 60 },
});
const answer = provider.callback();
server.on('request', (request, response) => {
  request.originalUrl = request.url;
  if (request.url.startsWith(mount)) request.url = request.url.slice(mount.length) || '/';
  // Microsoft gives lasting logins without being asked for consent again; OpenID Connect wants the word.
  if (request.url.startsWith('/auth?')) request.url += '&prompt=consent';
  answer(request, response);
});
console.log(JSON.stringify({ port }));
