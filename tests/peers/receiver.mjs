// A receiver of webhooks and CloudEvents for end-to-end tests. It takes whatever comes and keeps it; the test asks
// afterwards how much came, and what the official libraries make of it (judges.mjs, which alone needs them).
//
//     node receiver.mjs [CERTIFICATE-AND-KEY CLIENTS-CA]
//
// With arguments it speaks TLS, and takes only clients with a certificate of that CA. It prints "ready", the port for the
// test's questions, in plain HTTP, and the port for what is to be received.
import fs from 'node:fs';
import http from 'node:http';
import https from 'node:https';

const RATE = '60000'; // a minute, as granted to who asks for consent

const kept = new Map(); // path: requests, in the order of their arrival

function requestsAt(path) {
    if (!kept.has(path))
        kept.set(path, []);
    return kept.get(path);
}

function receive(request, response) {
    const chunks = [];
    request.on('data', chunk => chunks.push(chunk));
    request.on('end', () => {
        const question = request.method === 'OPTIONS'; // whether this receiver consents
        if (question) {
            response.setHeader('WebHook-Allowed-Origin', request.headers['webhook-request-origin'] ?? '');
            response.setHeader('WebHook-Allowed-Rate', RATE);
        }
        requestsAt(question ? `OPTIONS ${request.url}` : request.url)
            .push({ headers: request.headers, body: Buffer.concat(chunks) });
        response.writeHead(204).end();
    });
}

// --- the test's questions ---

const ownQuestions = {
    '/count': requests => `${requests.length}\n`,
    '/bodies': requests => requests.map(request => `${request.body}\n`).join(''),
    '/forget': requests => (requests.length = 0, 'forgotten\n'),
};

async function reply(url, body) {
    const question = ownQuestions[url.pathname] ?? (await import('./judges.mjs')).questions[url.pathname];
    return question(requestsAt(url.searchParams.get('path')), url.searchParams, body);
}

function answer(request, response) {
    const url = new URL(request.url, 'http://control');
    let body = '';
    request.setEncoding('utf8');
    request.on('data', chunk => (body += chunk));
    request.on('end', () => reply(url, body).then(
        text => response.writeHead(200).end(text),
        error => response.writeHead(500).end(`${error.stack}\n`),
    ));
}

function listen(server) {
    return new Promise(resolve => server.listen(0, '127.0.0.1', () => resolve(server.address().port)));
}

const [certificate, clientsCA] = process.argv.slice(2);
const receiver = certificate
    ? https.createServer({
        key: fs.readFileSync(certificate), cert: fs.readFileSync(certificate), ca: fs.readFileSync(clientsCA),
        requestCert: true, rejectUnauthorized: true,
    }, receive)
    : http.createServer(receive);
console.log(`ready ${await listen(http.createServer(answer))} ${await listen(receiver)}`);
