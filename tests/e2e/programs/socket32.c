/* A 32-bit x86 program that makes its sockets as those of glibc, Go and Wine do: through `socketcall`.
 * It needs no C library, which few machines have for 32 bits.
 *
 * Without arguments it tells whoever connects to port 80 what it could make. With one it connects to
 * port 80 of the same sandbox, and prints what it is told. */

static long call(long number, long a, long b, long c) {
    long result;
    __asm__ volatile("int $0x80" : "=a"(result) : "a"(number), "b"(a), "c"(b), "d"(c) : "memory");
    return result;
}

enum { EXIT = 1, READ = 3, WRITE = 4, CLOSE = 6, SOCKETCALL = 102 };
enum { SOCKET = 1, BIND = 2, CONNECT = 3, LISTEN = 4, ACCEPT = 5 };

static long multiplexed(long which, long a, long b, long c) {
    volatile long arguments[3] = {a, b, c};
    return call(SOCKETCALL, which, (long)arguments, 0);
}

static void say(long to, const char *text) {
    long length = 0;
    while (text[length]) length++;
    call(WRITE, to, (long)text, length);
}

/* Says a name, and `ok` or the number of the error. */
static void tell(long to, const char *name, long result) {
    say(to, name);
    if (result >= 0) {
        say(to, " ok\n");
        call(CLOSE, result, 0, 0);
        return;
    }
    char number[] = " 000\n";
    for (long digit = 3, left = -result; digit > 0; digit--, left /= 10) number[digit] += left % 10;
    say(to, number);
}

static const unsigned char PORT_80[16] = {2, 0, 0, 80, 0, 0, 0, 0};
static const unsigned char LOOPBACK_80[16] = {2, 0, 0, 80, 127, 0, 0, 1};

static int serve(void) {
    long listener = multiplexed(SOCKET, 2, 1, 0);
    if (listener < 0) return 1;
    if (multiplexed(BIND, listener, (long)PORT_80, 16) < 0) return 2;
    if (multiplexed(LISTEN, listener, 8, 0) < 0) return 3;
    for (;;) {
        long stream = multiplexed(ACCEPT, listener, 0, 0);
        if (stream < 0) return 4;
        tell(stream, "inet", multiplexed(SOCKET, 2, 1, 0));
        tell(stream, "inet6", multiplexed(SOCKET, 10, 2, 0));
        tell(stream, "unix", multiplexed(SOCKET, 1, 1, 0));
        tell(stream, "netlink", multiplexed(SOCKET, 16, 3, 0));
        tell(stream, "ping", multiplexed(SOCKET, 2, 2, 1));
        tell(stream, "alg", multiplexed(SOCKET, 38, 5, 0));
        tell(stream, "vsock", multiplexed(SOCKET, 40, 1, 0));
        tell(stream, "raw", multiplexed(SOCKET, 2, 3, 1));
        tell(stream, "packet", multiplexed(SOCKET, 17, 3, 0));
        call(CLOSE, stream, 0, 0);
    }
}

static int ask(void) {
    static char buffer[4096];
    long stream = multiplexed(SOCKET, 2, 1, 0);
    if (stream < 0) return 1;
    if (multiplexed(CONNECT, stream, (long)LOOPBACK_80, 16) < 0) return 2;
    for (long length; (length = call(READ, stream, (long)buffer, sizeof buffer)) > 0;)
        call(WRITE, 1, (long)buffer, length);
    return 0;
}

void begin(long *stack) {
    call(EXIT, *stack < 2 ? serve() : ask(), 0, 0);
}

__asm__(".globl _start\n_start:\n mov %esp, %eax\n and $-16, %esp\n sub $12, %esp\n push %eax\n call begin\n");
