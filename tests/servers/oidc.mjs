// An OAuth 2.0 authorization server (npm oidc-provider) over TLS on loopback. Arguments: one JSON object.
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
    client_secret: 'client-secret-1',
    application_type: 'native',
    redirect_uris: ['http://localhost/'],
    grant_types: ['authorization_code', 'refresh_token'],
    response_types: ['code'],
    token_endpoint_auth_method: 'client_secret_post',
  }],
  scopes: ['openid', 'offline_access', ...scopes],
  cookies: { keys: ['a key for tests'] },
  features: { revocation: { enabled: true }, devInteractions: { enabled: true } },
  findAccount: (_, id) => ({ accountId: id, claims: () => ({ sub: id }) }),
  issueRefreshToken: () => true,
  pkce: { required: () => true },
  rotateRefreshToken: true,
  ttl: { AccessToken: 3600, RefreshToken: 86400, Interaction: 600, Session: 600, Grant: 86400, AuthorizationCode: 60 },
});
server.on('request', provider.callback());
console.log(JSON.stringify({ port }));
