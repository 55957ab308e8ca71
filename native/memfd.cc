#include "memfd.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>

#ifndef MFD_NOEXEC_SEAL
#define MFD_NOEXEC_SEAL 0x0008U  // Linux 6.3
#endif

namespace sentry {

Fd memfd(const char* name) noexcept {
  constexpr unsigned flags = MFD_CLOEXEC | MFD_ALLOW_SEALING;
  Fd fd(memfd_create(name, flags | MFD_NOEXEC_SEAL));
  if (!fd && errno == EINVAL) fd.reset(memfd_create(name, flags));
  return fd;
}

std::variant<Fd, Fault> sealed_memfd(std::string_view text) {
  Fd fd = memfd("sentry");
  if (!fd) return Fault{"memfd_create", errno, "state"};
  for (size_t done = 0; done < text.size();) {
    // pwrite: what is read is read from the beginning.
    const ssize_t n = pwrite(fd.get(), text.data() + done, text.size() - done, static_cast<off_t>(done));
    if (n < 0 && errno != EINTR) return Fault{"write", errno, "state"};
    if (n > 0) done += static_cast<size_t>(n);
  }
  if (fcntl(fd.get(), F_ADD_SEALS, F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE) != 0)
    return Fault{"seal", errno, "state"};
  return fd;
}

}  // namespace sentry
