// Keeps signals waiting while the next image of Sentry boots.
//
// They are blocked at the exec (reexec.h), and would wait. But Node, before anything of ours runs, sets its mask to
// SIGUSR1 alone and takes INT and TERM, to end by them (20.20, src/node.cc, PlatformInit): any of HUP, INT, TERM and USR2
// in that tenth of a second would end Sentry, as measured, and a USR1 open Node's debugger. So exec has the dynamic linker
// load this addon before all else (LD_PRELOAD), and what Node takes for the C library's pthread_sigmask is this one: it
// does the same, but leaves those five blocked until Signals::take() has its handlers in place.
//
// In any other process, and after that, it does nothing but what it stands for. Where nothing can be preloaded (a static
// Node, or one that has capabilities of its file: AT_SECURE, ld.so(8)) the tenth of a second remains.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

typedef int Sigmask(int, const sigset_t*, sigset_t*);

static volatile sig_atomic_t waiting;  // set before there is a second thread

// exec names the value that LD_PRELOAD has to go back to: no child of this process is to have ours.
__attribute__((constructor)) static void begin(void) {
  const char* former = getenv("_SENTRY_PRELOAD");
  if (former == NULL) return;
  waiting = 1;
  int fd;  // where the path could not be named
  if (sscanf(getenv("LD_PRELOAD"), "/proc/self/fd/%d", &fd) == 1) close(fd);
  if (*former != 0) setenv("LD_PRELOAD", former, 1);
  else unsetenv("LD_PRELOAD");
  unsetenv("_SENTRY_PRELOAD");
}

// Found by its name: the addon that takes the signals may be another file by now than the one that was preloaded.
__attribute__((visibility("default"))) void sentry_let_signals_through(void) { waiting = 0; }

__attribute__((visibility("default"))) int pthread_sigmask(int how, const sigset_t* set, sigset_t* old) {
  static const int taken[] = {SIGHUP, SIGINT, SIGTERM, SIGUSR1, SIGUSR2};
  Sigmask* real;
  *(void**)&real = dlsym(RTLD_NEXT, "pthread_sigmask");  // dlsym(3): C has no conversion for that
  if (real == NULL) return ENOSYS;
  if (!waiting || set == NULL) return real(how, set, old);
  sigset_t meant = *set;
  for (size_t n = 0; n < sizeof taken / sizeof *taken; n++) {
    if (how == SIG_UNBLOCK) sigdelset(&meant, taken[n]);
    else sigaddset(&meant, taken[n]);
  }
  return real(how, &meant, old);
}
