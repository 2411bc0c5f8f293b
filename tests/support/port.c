#include "tests/support/port.h"

#include <netinet/in.h>
#include <stdbool.h>
#include <sys/socket.h>
#include <unistd.h>

#define FIRST 10240
#define COUNT 20480	  /* ends below 32768 */
#define OF_ONE_PROCESS 16 /* ports from the first of one process to the first of the next */

static bool is_free(uint16_t port, int type)
{
	const struct sockaddr_in a = {.sin_family = AF_INET,
				      .sin_port = htons(port),
				      .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int fd = socket(AF_INET, type, 0);
	bool ok = fd >= 0 && bind(fd, (const struct sockaddr *)&a, sizeof a) == 0;

	if (fd >= 0)
		close(fd);
	return ok;
}

uint16_t port_free(void)
{
	static uint32_t n_given;

	for (uint32_t i = 0; i < COUNT; i++) {
		uint32_t at = (uint32_t)getpid() * OF_ONE_PROCESS + n_given++;
		uint16_t port = (uint16_t)(FIRST + at % COUNT);
		if (is_free(port, SOCK_DGRAM) && is_free(port, SOCK_STREAM))
			return port;
	}
	return 0;
}
