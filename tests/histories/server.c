#include "tests/histories/server.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/str.h"
#include "tests/support/port.h"

#define READY_MS 60000
#define EXIT_SKIP 77

struct server server;
static const char *program, *more_option;
static uint16_t port;
static pid_t pid = -1;

void die(const char *fmt, ...)
{
	va_list ap;

	fflush(stdout);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	fprintf(stderr, "\nthe directory is kept: %s\n", server.data_dir);
	va_end(ap);
	if (pid > 0)
		kill(pid, SIGKILL);
	_exit(1);
}

uint64_t number_of(const char *name, uint64_t other)
{
	uint64_t n;
	const char *text = getenv(name);

	return text != NULL && str_to_u64(str_of(text), &n) ? n : other;
}

void server_start(void)
{
	char listen_at[64], log_path[96];

	snprintf(listen_at, sizeof listen_at, "127.0.0.1:%u", port);
	snprintf(log_path, sizeof log_path, "%s.log", server.data_dir);
	pid = fork();
	if (pid < 0)
		die("fork: %s", strerror(errno));
	if (pid > 0)
		return;
	int fd = open(log_path, O_WRONLY | O_CREAT | O_APPEND, 0600);
	if (fd < 0 || dup2(fd, STDOUT_FILENO) < 0 || dup2(fd, STDERR_FILENO) < 0)
		_exit(127);
	execl(program, "geode", "serve", "--listen", listen_at, "--data-dir", server.data_dir,
	      "--threads", "2", more_option, (char *)NULL);
	_exit(127);
}

/* Asks until it answers. */
struct geode_session *connect_when_ready(void)
{
	uint64_t deadline = clock_mono_ns() + READY_MS * UINT64_C(1000000);
	struct geode_error error;
	int status;

	for (;;) {
		struct geode_session *s = geode_connect(server.address, &error);
		if (s != NULL)
			return s;
		if (waitpid(pid, &status, WNOHANG) == pid)
			die("the server ended with status %d; its log is %s.log", status,
			    server.data_dir);
		if (clock_mono_ns() > deadline)
			die("the server is not ready: %s", error.message);
		struct timespec t = {0, 20000000};
		nanosleep(&t, NULL);
	}
}

void server_end(bool kindly)
{
	int status;

	kill(pid, kindly ? SIGTERM : SIGKILL);
	if (waitpid(pid, &status, 0) != pid)
		die("waitpid: %s", strerror(errno));
	pid = -1;
	if (kindly && (!WIFEXITED(status) || WEXITSTATUS(status) != 0))
		die("after SIGTERM the server ended with status %d", status);
	if (!kindly && !WIFSIGNALED(status))
		die("before SIGKILL the server ended with status %d", status);
}

void server_prepare(const char *option, unsigned idle_ms)
{
	program = getenv("GEODE");
	more_option = option;
	if (program == NULL || access(program, X_OK) != 0) {
		printf("GEODE does not name the program\n");
		exit(EXIT_SKIP);
	}
	signal(SIGPIPE, SIG_IGN);
	snprintf(server.data_dir, sizeof server.data_dir, "/tmp/geode-history-XXXXXX");
	if (mkdtemp(server.data_dir) == NULL)
		die("mkdtemp: %s", strerror(errno));
	port = port_free();
	if (port == 0)
		die("no port is free");
	snprintf(server.address, sizeof server.address,
		 "127.0.0.1:%u?insecure_tls_skip_verify=true&idle_timeout=%u", port, idle_ms);
}

void server_clear(void)
{
	char cmd[256];

	snprintf(cmd, sizeof cmd, "rm -rf '%s' '%s'.*", server.data_dir, server.data_dir);
	if (system(cmd) != 0)
		die("cannot remove the directory");
}

uint64_t server_metric(const char *name)
{
	static const char get[] = "GET /metrics HTTP/1.0\r\n\r\n";
	struct sockaddr_in a = {.sin_family = AF_INET,
				.sin_port = htons(port),
				.sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	char text[65536], key[80];
	size_t len = 0;
	ssize_t n;
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	if (fd < 0 || connect(fd, (struct sockaddr *)&a, sizeof a) != 0 ||
	    write(fd, get, sizeof get - 1) != (ssize_t)sizeof get - 1)
		die("metrics: %s", strerror(errno));
	while (len < sizeof text - 1 && (n = read(fd, text + len, sizeof text - 1 - len)) > 0)
		len += (size_t)n;
	close(fd);
	text[len] = '\0';
	snprintf(key, sizeof key, "\n%s ", name);
	const char *at = strstr(text, key);
	if (at == NULL)
		die("there is no metric %s", name);
	return strtoull(at + strlen(key), NULL, 10);
}
