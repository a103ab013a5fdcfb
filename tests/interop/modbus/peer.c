/* A Modbus server on libmodbus, steered by lines on stdin, for tests/interop/modbuspeer.py.
 *
 * peer tcp PORT | peer rtu DEVICE BAUD UNIT
 * "set TABLE ADDRESS WORD..."  table: holding, input; "fault KIND" for the next answer (TCP only); "faults SEED": one
 * answer in three is spoilt; "fill": register n holds 31 n + 7. Says "ready PORT" and "wrote FUNCTION ADDRESS WORD...". */
#include <errno.h>
#include <modbus.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <netinet/in.h>
#include <unistd.h>

static const char *KINDS[] = {"silent", "late", "exception1", "exception4", "exception6", "short", "long", "tid", "unit",
    "function", "bytecount", "protocol", "length", "split", "twice", "close", "garbage", "half", "older"};
enum { KIND_COUNT = sizeof KINDS / sizeof *KINDS };

static modbus_mapping_t *map;
static char fault[32];
static int often;
static unsigned char previous[300];
static int previous_size;

static void told(const char *function, int address, const unsigned char *words, int count) {
    printf("wrote %s %d", function, address);
    for (int i = 0; i < count; i++) printf(" %d", words[2 * i] << 8 | words[2 * i + 1]);
    printf("\n");
    fflush(stdout);
}

static void note(const unsigned char *pdu) {
    int address = pdu[1] << 8 | pdu[2];
    if (pdu[0] == 6) told("6", address, pdu + 3, 1);
    if (pdu[0] == 16) told("16", address, pdu + 6, pdu[3] << 8 | pdu[4]);
}

static void command(char *line) {
    char table[16], *at = line;
    int address, used, word;
    if (sscanf(line, "fault %31s", fault) == 1) return;
    if (!strncmp(line, "fill", 4))
        for (int n = 0; n < 2000; n++) map->tab_registers[n] = map->tab_input_registers[n] = 31 * n + 7;
    if (sscanf(line, "faults %d", &used) == 1) { srand(used); often = 1; return; }
    if (sscanf(line, "set %15s %d%n", table, &address, &used) != 2) return;
    unsigned short *registers = strcmp(table, "input") ? map->tab_registers : map->tab_input_registers;
    for (at = line + used; sscanf(at, "%d%n", &word, &used) == 1; at += used) registers[address++] = word;
}

/* The right answer to a read, as bytes on TCP. */
static int answer(const unsigned char *query, unsigned char *out) {
    int address = query[8] << 8 | query[9], count = query[10] << 8 | query[11];
    unsigned short *registers = query[7] == 4 ? map->tab_input_registers : map->tab_registers;
    memcpy(out, query, 8);
    out[4] = (3 + 2 * count) >> 8, out[5] = (3 + 2 * count) & 255, out[8] = 2 * count;
    for (int i = 0; i < count; i++) out[9 + 2 * i] = registers[address + i] >> 8, out[10 + 2 * i] = registers[address + i];
    return 9 + 2 * count;
}

static int is(const char *kind) { return !strcmp(fault, kind); }

/* Sends a spoilt answer; -1: the connection is over. */
static int spoilt(int fd, const unsigned char *query) {
    unsigned char out[600];
    int size = answer(query, out), code = 0;
    if (is("silent")) return 0;
    if (sscanf(fault, "exception%d", &code) == 1) out[7] |= 128, out[8] = code, out[4] = 0, out[5] = 3, size = 9;
    if (is("late")) usleep(400000);
    if (is("short")) size -= 2, out[5] -= 2, out[8] -= 2;
    if (is("long")) out[size++] = 7, out[size++] = 7, out[5] += 2, out[8] += 2;
    if (is("tid")) out[1] += 9;
    if (is("unit")) out[6] ^= 3;
    if (is("function")) out[7] ^= 7;
    if (is("bytecount")) out[8] += 2;
    if (is("protocol")) out[3] = 1;
    if (is("length")) out[4] = 40;
    if (is("close")) return -1;
    if (is("half")) { send(fd, out, size / 2, MSG_NOSIGNAL); return -1; }
    if (is("garbage")) send(fd, "\x11\x22\x33\x44\x55", 5, MSG_NOSIGNAL);
    if (is("older") && previous_size) send(fd, previous, previous_size, MSG_NOSIGNAL);
    if (is("split")) { for (int i = 0; i < size; i++) send(fd, out + i, 1, MSG_NOSIGNAL), usleep(500); return 0; }
    send(fd, out, size, MSG_NOSIGNAL);
    if (is("twice")) send(fd, out, size, MSG_NOSIGNAL);
    return 0;
}

static int serve(modbus_t *bus, int tcp) {
    unsigned char query[MODBUS_TCP_MAX_ADU_LENGTH];
    int size = modbus_receive(bus, query), header = modbus_get_header_length(bus);
    if (size <= 0) return size;
    note(query + header);
    if (often && !*fault && rand() % 3 == 0) strcpy(fault, KINDS[rand() % KIND_COUNT]);
    int reads = query[header] == 3 || query[header] == 4, over = 0;
    if (tcp && *fault && reads) over = spoilt(modbus_get_socket(bus), query);
    else modbus_reply(bus, query, size, map);
    if (tcp && reads) previous_size = answer(query, previous);
    *fault = 0;
    return over < 0 ? -1 : 1;
}

int main(int argc, char **argv) {
    int tcp = !strcmp(argv[1], "tcp"), listener = -1, open = 0;
    modbus_t *bus = tcp ? modbus_new_tcp("127.0.0.1", atoi(argv[2])) : modbus_new_rtu(argv[2], atoi(argv[3]), 'N', 8, 1);
    map = modbus_mapping_new(0, 0, 65535, 65535);
    struct sockaddr_in me;
    socklen_t length = sizeof me;
    if (tcp) {
        listener = modbus_tcp_listen(bus, 1);
        if (getsockname(listener, (struct sockaddr *)&me, &length)) return 1;
    } else {
        modbus_set_slave(bus, atoi(argv[4]));
        if (modbus_connect(bus)) return fprintf(stderr, "%s\n", modbus_strerror(errno)), 1;
        open = 1;
    }
    printf("ready %d\n", tcp ? ntohs(me.sin_port) : 0);
    fflush(stdout);
    char input[65536];
    int have = 0;
    for (;;) {
        struct pollfd watched[3] = {{0, POLLIN, 0}, {listener, POLLIN, 0}, {open ? modbus_get_socket(bus) : -1, POLLIN, 0}};
        poll(watched, 3, -1);
        if (watched[0].revents) {
            int got = read(0, input + have, sizeof input - 1 - have);
            if (got <= 0) return 0;
            have += got, input[have] = 0;
            char *line = input, *end;
            for (; (end = strchr(line, '\n')); line = end + 1) *end = 0, command(line);
            have = strlen(line), memmove(input, line, have + 1);
        }
        if (watched[1].revents) { if (open) modbus_close(bus); open = modbus_tcp_accept(bus, &listener) >= 0; continue; }
        if (open && watched[2].revents && serve(bus, tcp) < 0 && tcp) modbus_close(bus), open = 0;
    }
}
