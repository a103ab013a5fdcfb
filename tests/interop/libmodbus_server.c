/* A Modbus server on libmodbus: holding and input register n holds 31 n + 7, writes are taken.
   usage: libmodbus_server tcp PORT | rtu TTY BAUD UNIT; build: cc libmodbus_server.c -lmodbus */
#include <errno.h>
#include <modbus/modbus.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void serve(modbus_t *context, modbus_mapping_t *registers)
{
    uint8_t query[MODBUS_TCP_MAX_ADU_LENGTH];
    for (;;) {
        int length = modbus_receive(context, query);
        if (length > 0)
            modbus_reply(context, query, length, registers);
        else if (length < 0 && (errno == ECONNRESET || errno == EBADF || errno == EPIPE))
            return;
    }
}

int main(int count, char **words)
{
    modbus_mapping_t *registers = modbus_mapping_new(2000, 2000, 2000, 2000);
    for (int n = 0; n < 2000; n++)
        registers->tab_registers[n] = registers->tab_input_registers[n] = (uint16_t)(31 * n + 7);
    if (count > 2 && !strcmp(words[1], "tcp")) {
        modbus_t *context = modbus_new_tcp("127.0.0.1", atoi(words[2]));
        int listening = modbus_tcp_listen(context, 4);
        if (listening < 0)
            return 1;
        puts("ready");
        fflush(stdout);
        for (;;) {
            modbus_tcp_accept(context, &listening);
            serve(context, registers);
            modbus_close(context);
        }
    }
    if (count < 5)
        return 2;
    modbus_t *context = modbus_new_rtu(words[2], atoi(words[3]), 'N', 8, 1);
    modbus_set_slave(context, atoi(words[4]));
    if (modbus_connect(context) < 0)
        return 1;
    puts("ready");
    fflush(stdout);
    serve(context, registers);
    return 0;
}
