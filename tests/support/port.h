/* tests/support/port.h - addresses of servers that tests start. */
#ifndef SUPPORT_PORT_H
#define SUPPORT_PORT_H

#include <stdint.h>

/* A port of 127.0.0.1 that is free for UDP and TCP, another one each time; 0 when there is none. It
 * can be closed and opened again while the process lives: it lies below the ports that the kernel
 * gives to clients (net.ipv4.ip_local_port_range), and processes with different ids begin at
 * different ones. tests/integration/harness.py has the same for Python. One thread. */
uint16_t port_free(void);

#endif
