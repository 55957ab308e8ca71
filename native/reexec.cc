#include "reexec.h"

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <cerrno>

#include "signals.h"

extern char** environ;

namespace sentry {

namespace {

// CLOEXEC taken off, and put on again at the end where it was: only where exec has failed is there an end.
class GoingAlong {
 public:
  explicit GoingAlong(std::vector<int> fds) : fds_(std::move(fds)) {
    std::erase_if(fds_, [](int fd) { return (fcntl(fd, F_GETFD) & FD_CLOEXEC) == 0; });
    for (const int fd : fds_) set_close_on_exec(fd, false);
  }
  ~GoingAlong() {
    for (const int fd : fds_) set_close_on_exec(fd, true);
  }
  GoingAlong(const GoingAlong&) = delete;
  GoingAlong& operator=(const GoingAlong&) = delete;

 private:
  std::vector<int> fds_;
};

class SignalsWaiting {
 public:
  SignalsWaiting() noexcept {
    sigset_t taken;
    sigemptyset(&taken);
    for (const int signal : Signals::kTaken) sigaddset(&taken, signal);
    pthread_sigmask(SIG_BLOCK, &taken, &before_);
  }
  ~SignalsWaiting() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
  SignalsWaiting(const SignalsWaiting&) = delete;
  SignalsWaiting& operator=(const SignalsWaiting&) = delete;

 private:
  sigset_t before_;
};

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> out;
  for (std::string& text : texts) out.push_back(text.data());
  out.push_back(nullptr);
  return out;
}

// LD_PRELOAD has no way to name a path with a blank or a colon (ld.so(8)), but any file can be named by its descriptor,
// which preload.c closes. A file that is not there would only be complained of.
std::string preloadable(const std::string& path, Fd& file) {
  if (path.empty() || access(path.c_str(), R_OK) != 0) return "";
  if (path.find_first_of(" :") == std::string::npos) return path;
  file.reset(open(path.c_str(), O_RDONLY));
  return file ? "/proc/self/fd/" + std::to_string(file.get()) : "";
}

// This process's own; and, where something is to be preloaded, before what was.
std::vector<std::string> environment(const std::string& preload) {
  const std::string variable = "LD_PRELOAD=";
  std::vector<std::string> all;
  std::string former;
  for (char** one = environ; one != nullptr && *one != nullptr; ++one) {
    if (!preload.empty() && std::string_view(*one).starts_with(variable)) former = *one + variable.size();
    else all.emplace_back(*one);
  }
  if (preload.empty()) return all;
  all.push_back(variable + preload + (former.empty() ? "" : ":" + former));
  all.push_back("_SENTRY_PRELOAD=" + former);  // preload.c puts it back
  return all;
}

}  // namespace

void set_close_on_exec(int fd, bool close) noexcept {
  const int flags = fcntl(fd, F_GETFD);
  if (flags >= 0) fcntl(fd, F_SETFD, close ? flags | FD_CLOEXEC : flags & ~FD_CLOEXEC);
}

Fault exec_next(const NextImage& next) {
  std::vector<int> along = next.descriptors;
  along.insert(along.end(), {0, 1, 2});
  Fd library;
  std::vector<std::string> argv = next.argv, env = environment(preloadable(next.preload, library));
  const std::vector<char*> argv_pointers = pointers(argv), env_pointers = pointers(env);
  const GoingAlong going(std::move(along));
  const SignalsWaiting waiting;
  execve(next.program.c_str(), argv_pointers.data(), env_pointers.data());
  return Fault{"exec", errno, next.program};
}

}  // namespace sentry
