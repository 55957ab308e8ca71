#include "at_exit.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

#include "fd.h"

namespace sentry {

void leave_terminal() noexcept {
  const Fd null(open("/dev/null", O_RDWR | O_CLOEXEC));
  for (const int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (isatty(fd) || errno == EIO) dup2(null.get(), fd);
  }
}

}  // namespace sentry
