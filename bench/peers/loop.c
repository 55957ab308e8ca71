// The floor: what it costs to start programs, wait for them and start them again, with nothing around it.
//   loop COUNT IN_FLIGHT DESCRIPTORS PROGRAM [ARG...]
// Keeps IN_FLIGHT processes running until COUNT have ended, with DESCRIPTORS more descriptors open. Then prints the
// moment at which it began, and each at which it knew of an exit: nanoseconds of CLOCK_MONOTONIC, one a line.
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>

extern char** environ;

static long long now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1000000000LL + t.tv_nsec;
}

// As Node does at its own start: the soft limit is raised to the hard one.
static void open_more(long descriptors) {
  struct rlimit files;
  getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  setrlimit(RLIMIT_NOFILE, &files);
  for (long n = 0; n < descriptors; ++n) {
    if (open("/dev/null", O_RDONLY | O_CLOEXEC) < 0) {
      perror("open");
      exit(1);
    }
  }
}

static void start(char** argv) {
  pid_t pid;
  // In glibc and musl: clone(CLONE_VM | CLONE_VFORK).
  if (posix_spawn(&pid, argv[0], NULL, NULL, argv, environ) != 0) {
    fprintf(stderr, "loop: %s cannot be started\n", argv[0]);
    exit(1);
  }
}

int main(int argc, char** argv) {
  if (argc < 5) return 2;
  const long count = atol(argv[1]);
  const long in_flight = atol(argv[2]);
  open_more(atol(argv[3]));
  long long* moments = calloc(count + 1, sizeof *moments);
  if (moments == NULL) return 1;

  long started = 0;
  moments[0] = now();
  for (; started < in_flight && started < count; ++started) start(argv + 4);
  for (long ended = 1; ended <= count; ++ended) {
    waitpid(-1, NULL, 0);
    moments[ended] = now();
    if (started < count) {
      start(argv + 4);
      ++started;
    }
  }
  for (long n = 0; n <= count; ++n) printf("%lld\n", moments[n]);
  free(moments);
}
