/* Modbus RTU units on a pty of their own, with the timing of a baud rate: a strict bus, on which a frame that begins
   before the line was silent for t3.5 is lost. Register n of unit u holds (7919 u + 31 n) mod 65536; writes by
   function 6 are acknowledged.

   usage: serial_units BAUD BITS UNITS DEAD DEVICE_US CHUNK
   BITS: of a character. Units 1 to DEAD never answer. DEVICE_US: from the end of a request to the reply's first bit.
   CHUNK: bytes that the port hands over at once.
   Prints the path of the port; for each line on its input then a row of numbers: requests, early ones, replies,
   nanoseconds on the monotonic clock at which the last write's frame began. Ends with its input. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

static int64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000000000LL + now.tv_nsec;
}

static uint16_t crc(const uint8_t *bytes, int count)
{
    uint16_t value = 0xFFFF;
    for (int n = 0; n < count; n++) {
        value ^= bytes[n];
        for (int bit = 0; bit < 8; bit++)
            value = value & 1 ? value >> 1 ^ 0xA001 : value >> 1;
    }
    return value;
}

static int sealed(uint8_t *frame, int size)
{
    uint16_t sum = crc(frame, size);
    frame[size] = sum & 0xFF;
    frame[size + 1] = sum >> 8;
    return size + 2;
}

static int answer(const uint8_t *request, uint8_t *reply)
{
    int address = request[2] << 8 | request[3], count = request[4] << 8 | request[5];
    if (request[1] == 6) {
        memcpy(reply, request, 6);
        return sealed(reply, 6);
    }
    if ((request[1] != 3 && request[1] != 4) || count < 1 || count > 125)
        return 0;
    reply[0] = request[0];
    reply[1] = request[1];
    reply[2] = 2 * count;
    for (int n = 0; n < count; n++) {
        uint16_t value = 7919 * request[0] + 31 * (address + n);
        reply[3 + 2 * n] = value >> 8;
        reply[4 + 2 * n] = value & 0xFF;
    }
    return sealed(reply, 3 + 2 * count);
}

int main(int words, char **word)
{
    if (words != 7)
        return 2;
    int baud = atoi(word[1]), units = atoi(word[3]), dead = atoi(word[4]), chunk = atoi(word[6]);
    int64_t character = 1000000000LL * atoi(word[2]) / baud, device = 1000LL * atoi(word[5]);
    int64_t silence = baud > 19200 ? 1750000 : character * 7 / 2;
    int port = posix_openpt(O_RDWR | O_NOCTTY);
    if (port < 0 || grantpt(port) || unlockpt(port))
        return 1;
    int kept = open(ptsname(port), O_RDWR | O_NOCTTY); /* as long as it is open, a hub may come and go */
    struct termios raw;
    tcgetattr(kept, &raw);
    cfmakeraw(&raw);
    tcsetattr(kept, TCSANOW, &raw);
    prctl(PR_SET_TIMERSLACK, 1);
    printf("%s\n", ptsname(port));
    fflush(stdout);

    uint8_t request[256], reply[260];
    int64_t line_free = 0, first = 0, begin = 0, wrote = 0;
    int got = 0, size = 0, sent = 0;
    long requests = 0, early = 0, replies = 0;
    for (;;) {
        struct pollfd ready[2] = {{port, POLLIN, 0}, {0, POLLIN, 0}};
        struct timespec wait = {1, 0};
        if (sent < size) {
            int next = sent + chunk < size ? sent + chunk : size;
            int64_t left = begin + next * character - now_ns();
            if (left <= 0) {
                if (write(port, reply + sent, next - sent) != next - sent)
                    return 1;
                sent = next;
                replies += sent == size;
                continue;
            }
            wait.tv_sec = left / 1000000000;
            wait.tv_nsec = left % 1000000000;
        }
        if (ppoll(ready, 2, &wait, NULL) <= 0)
            continue;
        if (ready[1].revents) {
            char line[64];
            if (read(0, line, sizeof line) <= 0)
                return 0;
            printf("%ld %ld %ld %lld\n", requests, early, replies, (long long)wrote);
            fflush(stdout);
        }
        if (!(ready[0].revents & POLLIN))
            continue;
        if (!got)
            first = now_ns();
        int more = read(port, request + got, sizeof request - got);
        got = more > 0 ? got + more : 0;
        if (got < 8)
            continue;
        int whole = got == 8 && crc(request, 6) == (request[6] | request[7] << 8);
        int too_early = first < line_free + silence || sent < size;
        requests++;
        early += too_early;
        if (!too_early)
            line_free = first + got * character;
        if (!too_early && whole && request[0] > dead && request[0] <= units) {
            if (request[1] == 6)
                wrote = first;
            begin = line_free + device;
            sent = 0;
            size = answer(request, reply);
            line_free = begin + size * character;
        }
        got = 0;
    }
}
