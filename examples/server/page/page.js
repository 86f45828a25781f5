// The page keeps one token, sends it to the server, and draws the time that is left. It inserts
// what the server sends as text, never as HTML.

const byId = (id) => document.getElementById(id);

/** The current token, or null. It is stored nowhere else. */
let token = null; // {raw, iat, exp, name, tampered}

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
async function ask(method, path, { body, authorization } = {}) {
  const headers = {};
  if (body) headers['Content-Type'] = 'application/json';
  if (authorization) headers.Authorization = authorization;
  try {
    const response = await fetch(path, {
      method, headers, body: body && JSON.stringify(body),
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
  const raw = JSON.parse(answer.text).token;
  const { iat, exp } = JSON.parse(decode(raw.split('.')[1]));
  token = { raw, iat, exp, name, tampered: false };
  showToken();
  say('meaning', 'You have a new token. Call /resource now, and again when the token has expired.');
  await readClock();
}

const unreachable = 'No response. Is the server still running?';

async function call() {
  const raw = token && currentRaw();
  const answer = await ask('GET', '/resource', { authorization: raw && `Bearer ${raw}` });
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
    'Invalid token': token
      ? 'the signature does not match, so the token proves nothing.'
      : 'there was no token in the request.',
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
  draw();
}

function signature(segment) {
  const span = element('span', 'part-2', '');
  span.append(element('mark', '', segment[0]), segment.slice(1));
  return span;
}

// --- The time that is left ----------------------------------------------------

const reducedMotion = matchMedia('(prefers-reduced-motion: reduce)');

/** Draws the current time. It writes only texts that differ, so the verdict is announced only when it changes. */
function draw() {
  if (!reading) return;
  const now = serverNow();
  write('now', instant(now));

  const left = token ? Math.max(0, token.exp - now) : 0;
  const lifetime = token ? token.exp - token.iat : 1;
  const state = !token ? 'none' : now >= token.exp ? 'expired' : left <= lifetime / 5 ? 'soon' : 'good';
  byId('life').dataset.state = state;
  write('left', token ? countdown(left) : '–');
  write('state', { none: 'no token', good: 'left', soon: 'left', expired: 'expired' }[state]);
  write('verdict', {
    none: () => 'Log in to get a token.',
    good: () => `${token.name}’s token is good.`,
    soon: () => `${token.name}’s token ends soon.`,
    expired: () => `${token.name}’s token has expired.`,
  }[state]());
  document.title = { none: 'Watch a token expire', expired: 'Expired' }[state] ?? `${countdown(left)} left`;

  const drawn = reducedMotion.matches ? Math.ceil(left) : left;
  byId('ring').setAttribute('stroke-dashoffset', String(100 - 100 * Math.min(1, drawn / lifetime)));
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
onPress(byId('call'), call);
onPress(byId('tamper'), tamper);
onPress(byId('drop'), drop);

// Another page may have moved the clock, or the computer may have slept.
addEventListener('focus', readClock);
showToken();
await readClock();
setInterval(draw, 100);
