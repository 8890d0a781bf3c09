/* What evhttp, the server of libevent, does with a fixed answer: what is asked of a server that looks something up is
 * measured against it.
 *
 *   bench/fixed_http BYTES      answers so many; prints "listening 127.0.0.1:PORT" */
#include <arpa/inet.h>
#include <event2/buffer.h>
#include <event2/event.h>
#include <event2/http.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

struct fixed {
    char *bytes;
    size_t n;
};

static void on_request(struct evhttp_request *r, void *arg)
{
    const struct fixed *f = arg;
    evhttp_add_header(evhttp_request_get_output_headers(r), "Content-Type", "application/json");
    evbuffer_add_reference(evhttp_request_get_output_buffer(r), f->bytes, f->n, NULL, NULL);
    evhttp_send_reply(r, 200, "OK", NULL);
}

static unsigned port_of(struct evhttp_bound_socket *s)
{
    struct sockaddr_in at;
    socklen_t n = sizeof at;
    if (getsockname(evhttp_bound_socket_get_fd(s), (struct sockaddr *)&at, &n) != 0)
        abort();
    return ntohs(at.sin_port);
}

int main(int argc, char **argv)
{
    struct fixed f = {.n = argc == 2 ? strtoul(argv[1], NULL, 10) : 0};
    if (f.n < 1 || f.n > 1 << 20) {
        fputs("usage: bench/fixed_http BYTES\n", stderr);
        return 2;
    }
    f.bytes = malloc(f.n);
    struct event_base *base = event_base_new();
    struct evhttp *http = base ? evhttp_new(base) : NULL;
    struct evhttp_bound_socket *s = http ? evhttp_bind_socket_with_handle(http, "127.0.0.1", 0) : NULL;
    if (!f.bytes || !s)
        return 1;
    memset(f.bytes, 'x', f.n);
    evhttp_set_gencb(http, on_request, &f);
    printf("listening 127.0.0.1:%u\n", port_of(s));
    fflush(stdout);
    return event_base_dispatch(base) < 0;
}
