#include "keeper_link.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <mutex>

#include "message.h"
#include "sockets.h"

#ifndef P_PIDFD
#define P_PIDFD 3  // Linux 5.4
#endif

namespace sentry {

namespace {

constexpr std::chrono::seconds kPatience{5};
constexpr int kLastWordsMs = 1000;  // that long a keeper that was told to end may take to do so

// A pidfd of the keeper, as it gives it itself; or an errno.
std::variant<Fd, int> process_of(int socket) {
  if (const int error = send(socket, 'W', {})) return error;
  Message answer = receive(socket);
  if (answer.letter == 'W' && answer.fds.size() == 1) return std::move(answer.fds[0]);
  return answer.error != 0 ? answer.error : EPROTO;
}

// In order: nobody else's descriptors, a listener at 3, /dev/null, no environment, no signal blocked or ignored.
std::variant<pid_t, Fault> spawn(const std::string& program, const std::string& path, const Fd& listener) {
  const Fd high(fcntl(listener.get(), F_DUPFD_CLOEXEC, 4));  // dup2 to its own number would leave CLOEXEC
  posix_spawn_file_actions_t descriptors;
  posix_spawn_file_actions_init(&descriptors);
  posix_spawn_file_actions_adddup2(&descriptors, high.get(), 3);
  for (int fd = 0; fd < 3; ++fd) posix_spawn_file_actions_addopen(&descriptors, fd, "/dev/null", O_RDWR, 0);
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  sigset_t all, none;
  sigfillset(&all);
  sigemptyset(&none);
  posix_spawnattr_setsigdefault(&attributes, &all);
  posix_spawnattr_setsigmask(&attributes, &none);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
  std::string name = "sentry-keeper", place = path;
  char* argv[] = {name.data(), place.data(), nullptr};
  char* environment[] = {nullptr};
  pid_t pid = 0;
  const int error = posix_spawn(&pid, program.c_str(), &descriptors, &attributes, argv, environment);
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&descriptors);
  if (error != 0) return Fault{"exec", error, program};
  return pid;
}

}  // namespace

struct KeeperLink::Connection {
  explicit Connection(Fd connected) noexcept : socket(std::move(connected)), number(socket.get()) {}

  const Fd socket;
  const int number;
  Fd process;  // a pidfd of the keeper
  std::atomic<bool> lost = false;

  void lose() noexcept {
    lost = true;
    shutdown(socket.get(), SHUT_RDWR);
  }

  // Nothing of it is left afterwards: no process that goes on holding, and no zombie if it was our child.
  void kill() const noexcept {
    if (!process) return;
    syscall(SYS_pidfd_send_signal, process.get(), SIGKILL, nullptr, 0);
    await_end();
    siginfo_t status{};
    waitid(static_cast<idtype_t>(P_PIDFD), static_cast<id_t>(process.get()), &status, WEXITED | WNOHANG);
  }

  void await_end() const noexcept {
    pollfd ended{process.get(), POLLIN, 0};
    while (poll(&ended, 1, kLastWordsMs) < 0 && errno == EINTR) {
    }
  }
};

struct KeeperLink::Shared {
  std::mutex mutex;
  std::shared_ptr<Connection> connection;
  std::atomic<uint64_t> generation = 0;
};

std::string process_label(std::string_view kept, int pid) {
  return "pid " + std::string(kept) + " " + std::to_string(pid);
}

KeeperLink::KeeperLink() : shared_(std::make_shared<Shared>()) {}

std::shared_ptr<KeeperLink::Connection> KeeperLink::current() const noexcept {
  const std::lock_guard lock(shared_->mutex);
  return shared_->connection;
}

void KeeperLink::replace(std::shared_ptr<Connection> connection) noexcept {
  {
    const std::lock_guard lock(shared_->mutex);
    shared_->connection.swap(connection);
  }
  ++shared_->generation;  // after it can be had: who sees the new number sends to the new keeper
}

int KeeperLink::descriptor() const noexcept {
  const auto connection = current();
  return connection ? connection->socket.get() : -1;
}

int KeeperLink::process() const noexcept {
  const auto connection = current();
  return connection ? connection->process.get() : -1;
}

uint64_t KeeperLink::generation() const noexcept { return shared_->generation; }

std::shared_ptr<const int> KeeperLink::borrow() const noexcept {
  const auto connection = current();
  return connection ? std::shared_ptr<const int>(connection, &connection->number) : nullptr;
}

std::optional<Fault> KeeperLink::start(const std::string& program, const std::string& path) {
  if (const auto former = current()) former->kill();
  replace(nullptr);

  auto listening = listen_unix(path, 4, SOCK_SEQPACKET);
  if (const auto* fault = std::get_if<Fault>(&listening); fault && fault->error == EADDRINUSE) {
    // Of a keeper that hangs, and is nobody's: the lock of the folder is ours. What it holds is lost to us either way.
    unlink(path.c_str());
    listening = listen_unix(path, 4, SOCK_SEQPACKET);
  }
  if (auto* fault = std::get_if<Fault>(&listening)) return std::move(*fault);
  Fd& listener = std::get<UnixListener>(listening).fd;
  const auto failed = [&](Fault fault) {
    unlink(path.c_str());
    return fault;
  };
  // Connected before it runs: a keeper that holds nothing, and that nobody is connected to, ends.
  auto connected = connect_unix(path, SOCK_SEQPACKET, kPatience);
  if (auto* fault = std::get_if<Fault>(&connected)) return failed(std::move(*fault));
  auto spawned = spawn(program, path, listener);
  if (auto* fault = std::get_if<Fault>(&spawned)) return failed(std::move(*fault));
  listener.reset();  // one that ends at once is seen to do so

  auto connection = std::make_shared<Connection>(std::get<Fd>(std::move(connected)));
  auto process = process_of(connection->socket.get());
  if (const int* error = std::get_if<int>(&process)) {
    const pid_t pid = std::get<pid_t>(spawned);  // our child's, for as long as it is not waited for
    ::kill(pid, SIGKILL);
    waitpid(pid, nullptr, 0);
    return failed(Fault{"keeper", *error, program});
  }
  connection->process = std::get<Fd>(std::move(process));
  replace(std::move(connection));
  return std::nullopt;
}

std::optional<std::vector<Held>> KeeperLink::take(const std::string& path) {
  auto connected = connect_unix(path, SOCK_SEQPACKET, kPatience);
  if (std::holds_alternative<Fault>(connected)) return std::nullopt;
  auto connection = std::make_shared<Connection>(std::get<Fd>(std::move(connected)));
  const int socket = connection->socket.get();
  const auto who = peer(socket);
  if (!who || who->uid != geteuid()) return std::nullopt;
  auto process = process_of(socket);
  if (std::holds_alternative<int>(process) || sentry::send(socket, 'G', {}) != 0) return std::nullopt;
  connection->process = std::get<Fd>(std::move(process));

  std::vector<Held> held;
  Message message;
  while ((message = receive(socket)).letter == 'H') {
    std::string_view labels = message.text;
    for (Fd& fd : message.fds) {
      const std::string_view label = labels.substr(0, labels.find('\n'));
      held.push_back({std::string(label), std::move(fd)});
      labels.remove_prefix(std::min(label.size() + 1, labels.size()));
    }
  }
  if (message.letter != 'E') connection->lose();
  replace(std::move(connection));
  return held;
}

void KeeperLink::inherit(Fd socket, Fd process) {
  for (const Fd* fd : {&socket, &process}) fcntl(fd->get(), F_SETFD, FD_CLOEXEC);
  auto connection = std::make_shared<Connection>(std::move(socket));
  connection->process = std::move(process);
  replace(std::move(connection));
}

void KeeperLink::end() noexcept {
  const auto connection = current();
  if (!connection) return;
  replace(nullptr);
  if (sentry::send(connection->socket.get(), 'Q', {}) == 0) connection->await_end();
  connection->kill();
}

void KeeperLink::hold(std::string_view label, int fd) noexcept { send('H', {{label, fd}}); }
void KeeperLink::hold(Labelled one, Labelled other) noexcept {
  if (one.fd >= 0 && other.fd >= 0) return send('H', {one, other});
  for (const Labelled& each : {one, other})
    if (each.fd >= 0) send('H', {each});
}
void KeeperLink::release(std::string_view label) noexcept { send('R', {{label, -1}}); }

void KeeperLink::send(char letter, std::initializer_list<Labelled> what) noexcept {
  const auto connection = current();
  if (!connection || connection->lost) return;
  for (const Labelled& one : what)
    if (one.label.size() > kLongestLabel || one.label.find('\n') != std::string_view::npos) return;
  const int error = sentry::send(connection->socket.get(), letter, what);
  // What is to be held is not there, or the kernel has no room for it just now: the keeper is, and has the rest.
  if (error == EBADF || error == ETOOMANYREFS || error == ENOBUFS || error == ENOMEM) return;
  if (error != 0) connection->lose();
}

}  // namespace sentry
