// The page keeps tokens, sends them to the server, and draws the time that is left. It inserts what
// the server sends as text, never as HTML.

const byId = (id) => document.getElementById(id);

/** The access token of the browser, or null. The tokens are stored nowhere else. */
let token = null; // {raw, iat, exp, name, tampered, ended}

/** Who has a refresh token. The access token of the browser is token above. */
const browser = { who: 'Browser', id: 'browser', refresh: null };
const thief = { who: 'Thief', id: 'thief', refresh: null, access: null };

/** The session of the browser, or null. */
let session = null; // {expires, end, grace, at}

// --- The server's clock -------------------------------------------------------

/** The server's time, and the value of performance.now() when it arrived. */
let reading = null;

const serverNow = () => reading.now + (performance.now() - reading.at) / 1000;

async function readClock() {
  const answer = await ask('GET', '/clock');
  if (answer?.ok) setClock(answer);
}

function setClock(answer) {
  const { now, timetravel } = JSON.parse(answer.text);
  reading = { now, at: performance.now() };
  byId('travel').hidden = !timetravel;
  draw();
}

async function advance(seconds, what) {
  say('travel-note', ''); // otherwise screen readers do not announce the same note again
  if (seconds <= 0) {
    say('travel-note', 'That time has passed, and the clock moves ahead only.');
    return;
  }
  const answer = await ask('POST', '/clock', { body: { advance_seconds: seconds } });
  if (answer?.ok) setClock(answer);
  record('POST /clock', what, answer);
  say('travel-note', answer?.ok ? `The clock has moved: ${what}.` : answer ? errorOf(answer) : unreachable);
}

function advanceToEnd(secondsBefore, what) {
  if (!token) {
    say('travel-note', 'There is no token. Log in first.');
    return;
  }
  return advance(token.exp - secondsBefore - serverNow(), what);
}

// --- Requests -----------------------------------------------------------------

/** Sends a request. Returns null if no response arrives. */
async function ask(method, path, { body, form, authorization } = {}) {
  const headers = {};
  if (body) headers['Content-Type'] = 'application/json';
  if (authorization) headers.Authorization = authorization;
  try {
    const response = await fetch(path, {
      method, headers, body: form ? new URLSearchParams(form) : body && JSON.stringify(body),
      cache: 'no-store', credentials: 'omit', redirect: 'error',
    });
    return {
      ok: response.ok,
      status: `${response.status} ${response.statusText}`.trim(),
      challenge: response.headers.get('WWW-Authenticate'),
      text: await response.text(),
    };
  } catch {
    return null;
  }
}

async function login(id, name) {
  const answer = await ask('POST', '/login', { body: { user_id: id } });
  record('POST /login', name, answer);
  if (!answer?.ok) {
    say('meaning', answer ? 'The server issued no token.' : unreachable);
    return;
  }
  const { token: raw, refresh_token: refresh } = JSON.parse(answer.text);
  token = { ...timesOf(raw), name, tampered: false };
  browser.refresh = refresh ?? null;
  showToken();
  say('meaning', 'You have a new token. Call /resource now, and again when the token has expired.');
  say('session-meaning', 'You are logged in. Steal the refresh token, and let both refresh.');
  await readClock();
  await readSession();
}

/** Returns an access token with its times. */
function timesOf(raw) {
  const { iat, exp } = JSON.parse(decode(raw.split('.')[1]));
  return { raw, iat, exp };
}

const unreachable = 'No response. Is the server still running?';

async function call() {
  const raw = token && currentRaw();
  const answer = await ask('GET', '/resource', { authorization: raw && `Bearer ${raw}` });
  if (token && !token.tampered && answer && errorOf(answer) === 'Invalid token') token.ended = true;
  record('GET /resource', !token ? 'no token' : `${token.name}’s token${token.tampered ? ', tampered with' : ''}`,
    answer);
  say('meaning', meaningOf(answer), answer?.ok ? 'good' : 'refused');
  byId('exchange').hidden = false;
  byId('request').textContent = ['GET /resource', raw && `Authorization: Bearer ${shortened(raw)}`]
    .filter(Boolean).join('\n');
  byId('answer').textContent = answer
    ? [answer.status, answer.challenge && `WWW-Authenticate: ${answer.challenge}`, '', answer.text]
      .filter((line) => line !== null).join('\n')
    : unreachable;
  await readClock();
}

function meaningOf(answer) {
  if (!answer) return unreachable;
  if (answer.ok) return `${answer.status}: the token is good.`;
  const error = errorOf(answer);
  const because = {
    'Token expired': 'the token is good except for the time. Log in again.',
    'Invalid token': !token
      ? 'there was no token in the request.'
      : token.tampered
        ? 'the signature does not match, so the token proves nothing.'
        : 'the login of the token has ended. Log in again.',
  }[error] ?? 'the server rejected the request.';
  return `${answer.status}, “${error}”: ${because}`;
}

function errorOf(answer) {
  try {
    return String(JSON.parse(answer.text).error);
  } catch {
    return answer.text;
  }
}

// --- The token ----------------------------------------------------------------

function tamper() {
  if (!token) {
    say('meaning', 'There is no token. Log in first.');
    return;
  }
  token.tampered = !token.tampered;
  showToken();
  say('meaning', token.tampered
    ? 'One character of the signature is changed. Call /resource with it.'
    : 'The signature is restored.');
}

/** The token as it is sent. Tampering changes the first character of the signature, where all bits count. */
function currentRaw() {
  if (!token.tampered) return token.raw;
  const at = token.raw.lastIndexOf('.') + 1;
  return token.raw.slice(0, at) + (token.raw[at] === 'A' ? 'B' : 'A') + token.raw.slice(at + 1);
}

function drop() {
  token = null;
  automatic().checked = false; // it would get the next token at once
  showToken();
  say('meaning', 'No token. The next call has no token.');
}

function decode(segment) {
  const bytes = atob(segment.replaceAll('-', '+').replaceAll('_', '/'));
  return new TextDecoder().decode(Uint8Array.from(bytes, (c) => c.charCodeAt(0)));
}

const pretty = (segment) => JSON.stringify(JSON.parse(decode(segment)), null, 2);

const shortened = (raw) => `${raw.slice(0, 12)}…${raw.slice(-8)}`;

function showToken() {
  byId('exchange').hidden = true; // it belongs to the previous token
  byId('parts').hidden = !token;
  byId('tamper').textContent = token?.tampered ? 'Undo tampering' : 'Tamper';
  for (const id of ['tamper', 'drop']) byId(id).setAttribute('aria-disabled', String(!token));
  if (!token) {
    byId('token').replaceChildren(element('span', 'no-token', 'No token.'));
  } else {
    const segments = currentRaw().split('.');
    byId('token').replaceChildren(...segments.flatMap((segment, i) => [
      ...(i ? ['.'] : []),
      i === 2 && token.tampered ? signature(segment) : element('span', `part-${i}`, segment),
    ]));
    byId('header').textContent = pretty(segments[0]);
    byId('payload').textContent = pretty(segments[1]);
  }
  byId('iat').textContent = token ? instant(token.iat) : '–';
  byId('exp').textContent = token ? instant(token.exp) : '–';
  showHolders();
  draw();
}

function signature(segment) {
  const span = element('span', 'part-2', '');
  span.append(element('mark', '', segment[0]), segment.slice(1));
  return span;
}

// --- The session --------------------------------------------------------------

const automatic = () => byId('automatic');

/** Reads when the session ends. It is for the second ring only. */
async function readSession() {
  const answer = token && browser.refresh && await ask('GET', '/session', { authorization: `Bearer ${token.raw}` });
  if (answer?.ok) {
    const { expires, end, grace_seconds: grace } = JSON.parse(answer.text);
    session = { expires, end, grace, at: serverNow() };
  }
  draw();
}

/** The refresh tokens that the page has seen, in their order: R1, R2, … */
const seen = [];
function nameOf(refresh) {
  if (!seen.includes(refresh)) seen.push(refresh);
  return `R${seen.indexOf(refresh) + 1}`;
}

async function refresh(holder) {
  const sent = holder.refresh;
  if (!sent) {
    say('session-meaning', `${holder.who}: there is no refresh token.${holder === thief ? ' Steal one first.' : ' Log in first.'}`);
    return;
  }
  const name = nameOf(sent);
  const answer = await ask('POST', '/token', { form: { grant_type: 'refresh_token', refresh_token: sent } });
  record('POST /token', `${holder.who}: ${name}`, answer);
  if (answer?.ok) {
    const { access_token: raw, refresh_token: got } = JSON.parse(answer.text);
    if (holder === browser) token = { ...timesOf(raw), name: token?.name ?? 'The user', tampered: false };
    else thief.access = timesOf(raw);
    if (got) holder.refresh = got;
    say('session-meaning', `${holder.who}: ${meaningOfRefresh(sent, got)}`, 'good');
    if (holder === browser) showToken();
  } else if (answer && errorOf(answer) === 'invalid_grant') {
    holder.refresh = null;
    if (holder === browser && token) token.ended = true;
    say('session-meaning', `${holder.who}: ${answer.status}, “invalid_grant”: ${JSON.parse(answer.text).error_description}. ` +
      `${name} had been replaced, or the login has ended. Its access tokens are rejected, too.`, 'refused');
  } else {
    say('session-meaning', answer ? `${answer.status}: try again later with the same refresh token.` : unreachable, 'refused');
  }
  showHolders();
  await readClock();
  if (holder === browser && answer?.ok) await readSession();
}

function meaningOfRefresh(sent, got) {
  if (!got) return `a new access token, and no refresh token. Keep ${nameOf(sent)}.`;
  if (got === sent) return `a new access token. ${nameOf(sent)} is young, so it is not replaced.`;
  return `a new access token, and ${nameOf(got)} in place of ${nameOf(sent)}.`;
}

async function logout() {
  if (!browser.refresh) {
    say('session-meaning', 'Browser: there is no login.');
    return;
  }
  const answer = await ask('POST', '/revoke', { form: { token: browser.refresh } });
  record('POST /revoke', `Browser: ${nameOf(browser.refresh)}`, answer);
  loggedOut(answer, 'The login has ended. All of its tokens are rejected, wherever a copy is.');
}

async function logoutEverywhere() {
  if (!token) {
    say('session-meaning', 'Browser: there is no access token. Log in first.');
    return;
  }
  const answer = await ask('POST', '/logout-everywhere', { authorization: `Bearer ${token.raw}` });
  record('POST /logout-everywhere', 'Browser', answer);
  loggedOut(answer, 'All logins of the user have ended, and all of their tokens are rejected.');
}

function loggedOut(answer, meaning) {
  if (!answer?.ok) {
    say('session-meaning', answer ? `${answer.status}: the login goes on. Refresh, and try again.` : unreachable, 'refused');
    return;
  }
  browser.refresh = token = session = null;
  showToken();
  say('session-meaning', meaning, 'good');
}

function steal() {
  thief.refresh = browser.refresh;
  thief.access = null;
  showHolders();
  say('session-meaning', thief.refresh
    ? `The thief has a copy of ${nameOf(thief.refresh)}. Refresh as the thief now, or after the browser.`
    : 'There is no refresh token to steal. Log in first.');
}

async function callAsThief() {
  const raw = thief.access?.raw;
  const answer = await ask('GET', '/resource', { authorization: raw && `Bearer ${raw}` });
  record('GET /resource', raw ? 'Thief’s token' : 'Thief: no token', answer);
  say('session-meaning', !answer ? unreachable : answer.ok
    ? 'Thief: 200. The thief reads what the user can read.'
    : `Thief: ${answer.status}, “${errorOf(answer)}”.`, answer?.ok ? 'good' : 'refused');
  await readClock();
}

/** Shows what the browser and the thief have. */
function showHolders() {
  for (const holder of [browser, thief]) {
    const text = holder.refresh ? `${nameOf(holder.refresh)} · …${holder.refresh.slice(-6)}` : 'none';
    write(`${holder.id}-refresh`, text);
  }
  const same = thief.refresh && thief.refresh === browser.refresh;
  byId('thief-same').dataset.same = String(Boolean(same));
  write('thief-same', same ? 'It is the same refresh token as the browser’s.'
    : thief.refresh ? 'It is another refresh token than the browser’s.' : 'The thief has no refresh token.');
  for (const [id, on] of Object.entries({
    refresh: browser.refresh, logout: browser.refresh, 'logout-everywhere': token, steal: browser.refresh,
    'thief-refreshes': thief.refresh, 'thief-calls': thief.access,
  })) byId(id).setAttribute('aria-disabled', String(!on));
}

/** Whether an automatic refresh is under way, and when the next one may come. */
let refreshing = false;
let notBefore = 0;

/** Refreshes the browser's token when a tenth of its time is left. */
async function refreshInTime() {
  if (!automatic().checked || refreshing || !token || !browser.refresh || performance.now() < notBefore) return;
  if (token.exp - serverNow() > (token.exp - token.iat) / 10) return;
  refreshing = true;
  notBefore = performance.now() + 1000;
  await refresh(browser);
  refreshing = false;
}

function pastGrace() {
  return advance(session ? 2 * session.grace + 1 : 61, 'past twice grace');
}

function toSessionEnd() {
  if (!session) {
    say('travel-note', 'There is no login. Log in first.');
    return;
  }
  return advance(session.expires - serverNow(), 'at the login’s end');
}

// --- The time that is left ----------------------------------------------------

const reducedMotion = matchMedia('(prefers-reduced-motion: reduce)');

/** Draws the current time. It writes only texts that differ, so the verdict is announced only when it changes. */
function draw() {
  if (!reading) return;
  const now = serverNow();
  write('now', instant(now));

  const left = token && !token.ended ? Math.max(0, token.exp - now) : 0;
  const lifetime = token ? token.exp - token.iat : 1;
  const state = !token ? 'none' : token.ended ? 'ended' : now >= token.exp ? 'expired' : left <= lifetime / 5 ? 'soon' : 'good';
  byId('life').dataset.state = state;
  write('left', token ? countdown(left) : '–');
  write('state', { none: 'no token', good: 'left', soon: 'left', expired: 'expired', ended: 'ended' }[state]);
  write('verdict', {
    none: () => 'Log in to get a token.',
    good: () => `${token.name}’s token is good.`,
    soon: () => `${token.name}’s token ends soon.`,
    expired: () => `${token.name}’s token has expired.`,
    ended: () => `${token.name}’s login has ended.`,
  }[state]());
  document.title = { none: 'Watch a token expire', expired: 'Expired', ended: 'Logged out' }[state] ?? `${countdown(left)} left`;

  const drawn = reducedMotion.matches ? Math.ceil(left) : left;
  byId('ring').setAttribute('stroke-dashoffset', String(100 - 100 * Math.min(1, drawn / lifetime)));
  drawSession(now);
  refreshInTime();
}

function drawSession(now) {
  const left = session && !token?.ended ? Math.max(0, session.expires - now) : 0;
  write('session-left', !session ? '–' : left > 0 ? `${countdown(left)} left` : 'over');
  write('session-end', session ? instant(session.expires) : '–');
  byId('session-ring').setAttribute('stroke-dashoffset', String(session ? 100 - 100 * Math.min(1, left / (session.expires - session.at)) : 100));
  for (const [id, access] of [['browser-access', token], ['thief-access', thief.access]]) {
    write(id, !access ? 'none' : access.ended ? 'rejected' : access.exp > now ? `${countdown(access.exp - now)} left` : 'expired');
  }
}

function countdown(seconds) {
  const whole = Math.ceil(seconds);
  const two = (n) => String(n).padStart(2, '0');
  const [h, m, s] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  return h ? `${h}:${two(m)}:${two(s)}` : `${m}:${two(s)}`;
}

/** Formats Unix seconds as 2026-01-02 03:04:05, in UTC. */
function instant(seconds) {
  const date = new Date(seconds * 1000);
  return isNaN(date) ? String(seconds) : date.toISOString().slice(0, 19).replace('T', ' ');
}

// --- What happened ------------------------------------------------------------

function record(what, detail, answer) {
  byId('no-log').hidden = true;
  const entry = element('li', answer?.ok ? 'good' : 'refused', '');
  entry.append(
    element('span', 'when', reading ? instant(serverNow()).slice(11) : ''),
    element('span', 'what', what),
    element('span', 'detail', detail),
    element('strong', 'status', answer ? answer.status : 'no response'),
    element('span', 'outcome', answer && !answer.ok ? errorOf(answer) : ''),
  );
  byId('log').prepend(entry);
}

function element(name, className, text) {
  const made = document.createElement(name);
  made.className = className;
  made.textContent = text;
  return made;
}

function write(id, text) {
  const target = byId(id);
  if (target.textContent !== text) target.textContent = text;
}

function say(id, text, tone = '') {
  byId(id).textContent = text;
  byId(id).dataset.tone = tone;
}

// --- Buttons ------------------------------------------------------------------

/** Handles presses one after the other. */
let lastPress = Promise.resolve();
function onPress(button, action) {
  button.addEventListener('click', () => {
    lastPress = lastPress.catch(() => {}).then(action);
  });
}

for (const button of document.querySelectorAll('[data-login]')) {
  onPress(button, () => login(Number(button.dataset.login), button.textContent.replace('Log in as ', '')));
}
for (const button of document.querySelectorAll('[data-advance]')) {
  onPress(button, () => advance(Number(button.dataset.advance), button.textContent));
}
for (const button of document.querySelectorAll('[data-before-end]')) {
  onPress(button, () => advanceToEnd(Number(button.dataset.beforeEnd), button.textContent.toLowerCase()));
}
onPress(byId('past-grace'), pastGrace);
onPress(byId('to-session-end'), toSessionEnd);
onPress(byId('refresh'), () => refresh(browser));
onPress(byId('logout'), logout);
onPress(byId('logout-everywhere'), logoutEverywhere);
onPress(byId('steal'), steal);
onPress(byId('thief-refreshes'), () => refresh(thief));
onPress(byId('thief-calls'), callAsThief);
onPress(byId('call'), call);
onPress(byId('tamper'), tamper);
onPress(byId('drop'), drop);

// Another page may have moved the clock, or the computer may have slept.
addEventListener('focus', readClock);
showToken();
await readClock();
setInterval(draw, 100);
