// What stands in an express application after the move, in the place of express-session: the browser's cookie is
// verified as before, and Exeunt says whether its session is alive.
import { createHmac, timingSafeEqual } from 'node:crypto';

/** The session id in a cookie of express-session, if its signature is right; else null. */
export function sessionId(cookies, secret, name = 'connect.sid') {
  const pair = (cookies ?? '').split(/; */).find((pair) => pair.startsWith(`${name}=`));
  const value = pair && decoded(pair.slice(name.length + 1));
  if (!value?.startsWith('s:') || !value.includes('.')) return null;
  const id = value.slice(2, value.lastIndexOf('.'));
  const right = Buffer.from(signature(id, secret));
  const given = Buffer.from(value.slice(value.lastIndexOf('.') + 1));
  return right.length === given.length && timingSafeEqual(right, given) ? id : null;
}

/** The cookie for a token that Exeunt has issued, signed as express-session does: for `response.cookie`. */
export function cookieOf(token, secret) {
  return `s:${token}.${signature(token, secret)}`;
}

/**
 * The user of a session, by Exeunt's id, if it is alive; else null. Throws while Exeunt cannot say: refuse then, with
 * a 503.
 */
export async function userOf(id, { url, key }) {
  if (id === null) return null;
  const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' };
  const answer = await fetch(`${url}/v1/check`, { method: 'POST', headers, body: JSON.stringify({ token: id }) });
  if (answer.status !== 200) throw new Error(`Exeunt answered ${answer.status}`);
  const { active, user } = await answer.json();
  return active ? user : null;
}

function signature(id, secret) {
  return createHmac('sha256', secret).update(id).digest('base64').replace(/=+$/, '');
}

// What a browser sends may be no escape at all.
function decoded(value) {
  try {
    return decodeURIComponent(value);
  } catch {
    return null;
  }
}
