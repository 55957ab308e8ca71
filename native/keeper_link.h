// The connection to the keeper (keeper.c): a process that holds duplicates of what must outlive Sentry, each under a
// label. It is told before it is needed: pipes before the clone, a pidfd before anybody hears of the process. So a
// SIGKILL of Sentry, wherever it comes, finds everything held.
//
// Used by all threads, and replaced while they use it. A message is one sendmsg(2) on a SOCK_SEQPACKET socket, which
// needs no lock. Where there is no keeper, or it is lost, calls do nothing. It is lost when it has ended, or has taken
// nothing for five seconds: then the connection is shut down, and whoever polls a duplicate of it sees EPOLLHUP.
//
// Replacing a lost keeper must not miss a process that is born just then. generation() grows with every keeper; a
// Child carries the one at which it was held, and the spawner gives it to the keeper again, before `born`, where that
// has grown meanwhile. Whoever has started a new keeper asks the threads to hold all they have from within
// Spawner::between_births(): a birth is then wholly before it (and among what the threads have), or wholly after.
#pragma once
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "fault.h"
#include "fd.h"
#include "message.h"

namespace sentry {

// What a keeper gave back.
struct Held {
  std::string label;
  Fd fd;
};

// Under what a process's pidfd is kept. With its pid: once it has been reaped, a pidfd still tells how it ended, but not who
// it was.
std::string process_label(std::string_view kept, int pid);

// A copy is the same link: a spawning thread that hangs in an exec may outlive everything else.
class KeeperLink {
 public:
  static constexpr size_t kLongestLabel = 4095;  // bytes; no newline

  KeeperLink();

  // These four are for one thread, and wait for the keeper: some milliseconds, five seconds where it does not answer.
  //
  // Starts a keeper that listens at `path` (an absolute one), and makes it ours. A former one is killed: it is lost, or
  // not wanted. A socket in the way is removed, also that of a
  // keeper that hangs and so cannot be taken. Only who holds the lock of that folder may do this.
  std::optional<Fault> start(const std::string& program, const std::string& path);

  // Makes the keeper that listens at `path` ours, and asks for a duplicate of all that it holds. Nothing where nobody
  // answers. One that fails half-way gives what it gave, and is lost then.
  std::optional<std::vector<Held>> take(const std::string& path);

  // Takes up what an earlier image of this process had: the connection, and a pidfd of the keeper. Asks nothing: a keeper
  // that hangs holds nobody up.
  void inherit(Fd connection, Fd process);

  // A clean end: the keeper removes its socket's name, and is gone when this returns.
  void end() noexcept;

  // The connection, or -1. For duplicates: the number is good until the next start(), take(), inherit() or end().
  int descriptor() const noexcept;
  int process() const noexcept;  // its pidfd
  uint64_t generation() const noexcept;
  // The connection, open for as long as this is held; null where there is none.
  std::shared_ptr<const int> borrow() const noexcept;

  // The keeper gets a duplicate; one that has that label is replaced. A label that cannot be one is not sent, nor, of two,
  // one without a descriptor.
  void hold(std::string_view label, int fd) noexcept;
  void hold(Labelled one, Labelled other) noexcept;
  // The keeper lets go. Also of a label that it does not have.
  void release(std::string_view label) noexcept;

 private:
  struct Connection;
  struct Shared;

  std::shared_ptr<Connection> current() const noexcept;
  void replace(std::shared_ptr<Connection> connection) noexcept;
  void send(char letter, std::initializer_list<Labelled> what) noexcept;

  std::shared_ptr<Shared> shared_;
};

}  // namespace sentry
