/* RFC 9112 and RFC 9110 say what is to be done with most of these. */
#include "tests/e2e/hostile.h"

#define GET "GET /v1/status HTTP/1.1\r\nHost: t\r\n" TOKEN
#define POST "POST /v1/inputs HTTP/1.1\r\nHost: t\r\nContent-Type: application/json\r\n" TOKEN
#define TOKEN "TOKEN\r\n"
#define HIDDEN "GET /healthz HTTP/1.1\r\nHost: t\r\n\r\n" /* must not be answered */

const struct hostile hostile_requests[] = {
    /* lengths: where does a body end? */
    {"two lengths that differ", POST "Content-Length: 2\r\nContent-Length: 38\r\n\r\n{}" HIDDEN, 400, 0},
    {"two lengths that agree", POST "Content-Length: 2\r\nContent-Length: 2\r\n\r\n{}" HIDDEN, 400, 0},
    {"a list of lengths", POST "Content-Length: 2, 2\r\n\r\n{}" HIDDEN, 400, 0},
    {"a length and chunks", POST "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" HIDDEN, 400, 0},
    {"chunks and a length", POST "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n" HIDDEN, 400, 0},
    {"a length with a sign", POST "Content-Length: +2\r\n\r\n{}" HIDDEN, 400, 0},
    {"a negative length", POST "Content-Length: -2\r\n\r\n{}" HIDDEN, 400, 0},
    {"a hexadecimal length", POST "Content-Length: 0x2\r\n\r\n{}" HIDDEN, 400, 0},
    {"a length with a word behind", POST "Content-Length: 2 bytes\r\n\r\n{}" HIDDEN, 400, 0},
    {"a length that is nothing", POST "Content-Length:\r\n\r\n{}" HIDDEN, 400, 0},
    {"a length beyond all numbers", POST "Content-Length: 99999999999999999999999\r\n\r\n{}" HIDDEN, 413, 0},
    {"a length with a blank before the colon", POST "Content-Length : 2\r\n\r\n{}" HIDDEN, 400, 0},
    {"a length folded to the next line", POST "Content-Length:\r\n 2\r\n\r\n{}" HIDDEN, 400, 0},
    {"chunks within chunks", POST "Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n" HIDDEN, 501, 0},
    {"two encodings", POST "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n" HIDDEN, 400, 0},
    {"an encoding that nobody knows", POST "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n" HIDDEN, 501, 0},
    {"an encoding before chunks", POST "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n" HIDDEN, 501, 0},
    {"an encoding with a control character", POST "Transfer-Encoding: \vchunked\r\n\r\n0\r\n\r\n" HIDDEN, 400, 0},

    /* chunks */
    {"a chunk with a sign", POST "Transfer-Encoding: chunked\r\n\r\n+2\r\n{}\r\n0\r\n\r\n" HIDDEN, 400, 0},
    {"a chunk in 0x", POST "Transfer-Encoding: chunked\r\n\r\n0x2\r\n{}\r\n0\r\n\r\n" HIDDEN, 400, 0},
    {"a chunk without its end", POST "Transfer-Encoding: chunked\r\n\r\n2\r\n{}0\r\n\r\n" HIDDEN, 400, 0},
    {"a chunk of no number", POST "Transfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n" HIDDEN, 400, 0},
    {"a chunk beyond all numbers", POST "Transfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n{}", 413, 0},

    /* header lines */
    {"no host", "GET /v1/status HTTP/1.1\r\n" TOKEN "\r\n" HIDDEN, 400, 0},
    {"two hosts", "GET /v1/status HTTP/1.1\r\nHost: a\r\nHost: b\r\n" TOKEN "\r\n" HIDDEN, 400, 0},
    {"a line without a colon", GET "Nonsense\r\n\r\n" HIDDEN, 400, 0},
    {"a line without a name", GET ": nothing\r\n\r\n" HIDDEN, 400, 0},
    {"a folded line", GET "X-Folded: one\r\n two\r\n\r\n" HIDDEN, 400, 0},
    {"a blank before the first line's name", "GET /v1/status HTTP/1.1\r\n Host: t\r\n" TOKEN "\r\n" HIDDEN, 400, 0},
    {"a carriage return alone", GET "X-Bare: a\rb\r\n\r\n" HIDDEN, 400, 0},

    /* request lines */
    {"a version of the future", "GET /v1/status HTTP/2.0\r\nHost: t\r\n" TOKEN "\r\n", 505, 0},
    {"a version in small letters", "GET /v1/status http/1.1\r\nHost: t\r\n" TOKEN "\r\n", 400, 0},
    {"no version", "GET /v1/status\r\nHost: t\r\n" TOKEN "\r\n", 400, 0},
    {"no path", "GET HTTP/1.1\r\nHost: t\r\n" TOKEN "\r\n", 400, 0},
    {"another protocol's greeting", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505, 0},
    {"TLS on a plain port", "\x16\x03\x01\x02\x01\x01\xfc\x03\x03\r\n\r\n", 0, 0},
    {"a method that nobody knows", "BREW /v1/status HTTP/1.1\r\nHost: t\r\n" TOKEN "\r\n", 405, 1},
    {"a path out of the root", "GET /../../etc/passwd HTTP/1.1\r\nHost: t\r\n" TOKEN "\r\n", 404, 1},
    {"an escape of nothing", "GET /v1/beneficiaries/%zz HTTP/1.1\r\nHost: t\r\n" TOKEN "\r\n", 400, 1},
    {"an absolute target", "GET http://t/healthz HTTP/1.1\r\nHost: t\r\n\r\n", 200, 1},

    /* bodies */
    {"a body where none is expected", GET "Content-Length: 5\r\n\r\nhello", 200, 1},
    {"less than nothing in JSON", POST "Content-Length: 0\r\n\r\n", 400, 1},
    {"more than was announced", POST "Content-Length: 2\r\n\r\n{}}}}\r\n\r\n", 400, 0},
    {"requests in a row", GET "\r\n" GET "\r\n" GET "\r\n" GET "\r\n" GET "\r\n" GET "\r\n" GET "\r\n" GET "\r\n", 200, 8},
};
const size_t n_hostile_requests = sizeof hostile_requests / sizeof *hostile_requests;
