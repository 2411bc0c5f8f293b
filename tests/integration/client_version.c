/* Built by scripts/check from the installed geode.h and geode.pc alone: that they are complete, and
 * that the library tells a server that is not there. */
#include <geode.h>
#include <stdio.h>
#include <string.h>

int main(void)
{
	struct geode_error error;
	struct geode_params *p = geode_params_new();

	if (p == NULL)
		return 1;
	geode_params_int(p, "a", 1);
	geode_params_free(p);
	struct geode_session *s = geode_connect("127.0.0.1:1?connect_timeout=500", &error);
	if (s != NULL || strncmp(error.code, "08", 2) != 0) {
		fprintf(stderr, "a session with a port where nobody listens, or code '%s'\n",
			error.code);
		geode_disconnect(s);
		return 1;
	}
	printf("%s: %s\n", error.code, error.message);
	return 0;
}
