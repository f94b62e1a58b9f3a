// Owns: the page's side: what comes is shown and acknowledged, what is typed is sent, and the window's size followed.
// Never: acknowledges what is not on the screen yet.
import {FitAddon} from '/fit.mjs';
import {Terminal} from '/xterm.mjs';

const terminal = new Terminal({cursorBlink: true, scrollback: 10_000});
const fit = new FitAddon();
terminal.loadAddon(fit);
terminal.open(document.getElementById('terminal'));
fit.fit();

const token = new URLSearchParams(location.search).get('token');
const query = new URLSearchParams({token, cols: terminal.cols, rows: terminal.rows});
const socket = new WebSocket(`ws://${location.host}/pty?${query}`);
socket.binaryType = 'arraybuffer';
const send = (message) => socket.readyState === WebSocket.OPEN && socket.send(message);

let received = 0;
socket.addEventListener('message', ({data}) => {
  received += data.byteLength;
  terminal.write(new Uint8Array(data), () => send(JSON.stringify({shown: data.byteLength})));
});
socket.addEventListener('close', ({reason}) => terminal.write(`\r\n[closed${reason ? `: ${reason}` : ''}]\r\n`));

const encoder = new TextEncoder();
terminal.onData((text) => send(encoder.encode(text)));
// Mouse reports of old programs: bytes that are no text.
terminal.onBinary((text) => send(Uint8Array.from(text, (character) => character.charCodeAt(0))));
terminal.onResize(({cols, rows}) => send(JSON.stringify({resize: [cols, rows]})));
// What was resized before the socket was open.
socket.addEventListener('open', () => send(JSON.stringify({resize: [terminal.cols, terminal.rows]})));
addEventListener('resize', () => fit.fit());
terminal.focus();

// For those who look from outside, as the test does.
globalThis.webTerminal = {terminal, received: () => received};
