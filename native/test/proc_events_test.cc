#include "../proc_events.h"

#include <linux/connector.h>
#include <linux/netlink.h>
#include <sched.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "../exit.h"
#include "check.h"
#include "until.h"

using namespace sentry;
using What = ProcEvent::What;

namespace {

using Bytes = std::vector<std::byte>;

template <class T>
void put(Bytes& bytes, const T& value) {
  bytes.resize(bytes.size() + sizeof value);
  std::memcpy(bytes.data() + bytes.size() - sizeof value, &value, sizeof value);
}

// A datagram as the kernel sends it: `what` with CPU 1, stamp 5,000,000,007, and then `fields`.
Bytes datagram(uint32_t what, const std::vector<uint32_t>& fields, uint16_t type = NLMSG_DONE,
               uint32_t idx = CN_IDX_PROC) {
  Bytes bytes;
  const auto length = static_cast<uint16_t>(16 + fields.size() * 4);
  put(bytes, nlmsghdr{static_cast<uint32_t>(sizeof(nlmsghdr) + sizeof(cn_msg) + length), type, 0, 0, 0});
  cn_msg connector{};
  connector.id = {idx, CN_VAL_PROC};
  connector.seq = 41;
  connector.ack = 42;
  connector.len = length;
  put(bytes, connector);
  put(bytes, what);
  put(bytes, uint32_t{1});
  put(bytes, int64_t{5'000'000'007});
  for (const uint32_t field : fields) put(bytes, field);
  return bytes;
}

// An exact copy on the heap, so that AddressSanitizer sees a read past its end.
std::vector<ProcEvent> parse(const Bytes& bytes) {
  const auto copy = std::make_unique<std::byte[]>(bytes.size());
  std::copy(bytes.begin(), bytes.end(), copy.get());
  std::span<const std::byte> rest{copy.get(), bytes.size()};
  std::vector<ProcEvent> events;
  while (const auto event = next_event(rest)) events.push_back(*event);
  CHECK(rest.empty());
  return events;
}

Bytes join(Bytes first, const Bytes& second) {
  first.insert(first.end(), second.begin(), second.end());
  return first;
}

const Bytes kExit = datagram(0x8000'0000, {101, 100, 0x300, 17, 51, 50});

// A child that ends at once with that code.
int child(int code) {
  const int pid = fork();
  if (pid == 0) _exit(code);
  return pid;
}

int wait_for(int pid) {
  int status = -1;
  waitpid(pid, &status, 0);
  return status;
}

std::variant<ProcEvents, Fault> listening(ProcEvents::Scope scope, int buffer = 4 << 20) {
  auto opened = ProcEvents::open(scope, buffer);
  if (const auto* fault = std::get_if<Fault>(&opened))
    std::printf("     no process events: %s (errno %d)\n", fault->subject.c_str(), fault->error);
  return opened;
}

}  // namespace

TEST("an exit is read with all its fields") {
  const auto events = parse(kExit);
  REQUIRE(events.size() == 1);
  const ProcEvent& exit = events[0];
  CHECK(exit.what == What::exit && exit.cpu == 1 && exit.seq == 41 && exit.at_ns == 5'000'000'007);
  CHECK(exit.pid == 101 && exit.tgid == 100 && exit.parent_pid == 51 && exit.parent_tgid == 50);
  CHECK(exit.exit_code == 0x300 && exit.exit_signal == 17);
}

TEST("forks, execs, answers and others are told apart") {
  auto events = parse(datagram(1, {51, 50, 101, 100}));
  REQUIRE(events.size() == 1);
  CHECK(events[0].what == What::fork && events[0].parent_pid == 51 && events[0].parent_tgid == 50);
  CHECK(events[0].pid == 101 && events[0].tgid == 100);
  events = parse(datagram(2, {101, 100}));
  REQUIRE(events.size() == 1);
  CHECK(events[0].what == What::exec && events[0].pid == 101 && events[0].tgid == 100);
  events = parse(datagram(0, {EPERM}));
  REQUIRE(events.size() == 1);
  CHECK(events[0].what == What::ack && events[0].error == EPERM && events[0].ack == 42);
  events = parse(datagram(0x200, {101, 100, 1, 2, 3, 4}));
  REQUIRE(events.size() == 1);
  CHECK(events[0].what == What::other);
}

TEST("several messages in one datagram are several events") {
  const auto events = parse(join(join(kExit, datagram(1, {51, 50, 103, 102})), kExit));
  REQUIRE(events.size() == 3);
  CHECK(events[0].what == What::exit && events[1].what == What::fork && events[2].what == What::exit);
}

TEST("a longer event of a newer kernel is read as far as it is known") {
  const auto events = parse(datagram(0x8000'0000, {101, 100, 0x300, 17, 51, 50, 7, 7, 7, 7}));
  REQUIRE(events.size() == 1);
  CHECK(events[0].tgid == 100 && events[0].parent_tgid == 50);
}

TEST("no truncation of a datagram is an event, nor read past its end") {
  for (size_t length = 0; length < kExit.size(); ++length) {
    CHECK(parse(Bytes(kExit.begin(), kExit.begin() + static_cast<ptrdiff_t>(length))).empty());
    // What came whole before it counts.
    CHECK(parse(join(kExit, Bytes(kExit.begin(), kExit.begin() + static_cast<ptrdiff_t>(length)))).size() == 1);
  }
}

TEST("wrong lengths, kinds and sources are stepped over") {
  const auto patched = [](size_t offset, auto value) {
    Bytes bytes = kExit;
    std::memcpy(bytes.data() + offset, &value, sizeof value);
    return bytes;
  };
  const size_t connector_length = sizeof(nlmsghdr) + 16;
  // The message says it is longer than the datagram, shorter than its own header, or nothing at all.
  for (const uint32_t length : {1000u, 0xffff'ffffu, 15u, 1u, 0u})
    CHECK(parse(join(patched(0, length), kExit)).empty());
  // The connector says it holds more than the message does, or too little for an exit: the next message counts.
  for (const uint16_t length : {41, 0xffff, 39, 17, 15, 0})
    CHECK(parse(join(patched(connector_length, length), kExit)).size() == 1);
  CHECK(parse(datagram(0x8000'0000, {101, 100, 0x300, 17})).empty());
  CHECK(parse(datagram(0x8000'0000, {101, 100, 0, 17, 51, 50}, NLMSG_ERROR)).empty());
  CHECK(parse(datagram(0x8000'0000, {101, 100, 0, 17, 51, 50}, NLMSG_DONE, 9)).empty());
}

TEST("the kernel tells of our children's exits and codes, each between before and after") {
  auto opened = listening(ProcEvents::Scope::exits);
  auto* events = std::get_if<ProcEvents>(&opened);
  if (events == nullptr) SKIP("no process events here");
  std::map<int, ProcEvent> seen;
  for (int code = 0; code < 50; ++code) {
    const int64_t before = now().mono_us;
    const int pid = child(code);
    wait_for(pid);
    // The event may come a moment after the exit: see exit_times.h.
    while (!seen.contains(pid)) CHECK(events->read([&](const ProcEvent& e) { seen[e.pid] = e; }) == 0);
    const ProcEvent& exit = seen[pid];
    CHECK(exit.what == What::exit && exit.tgid == pid && exit.exit_code >> 8 == static_cast<uint32_t>(code));
    CHECK(exit.at_ns / 1000 >= before && exit.at_ns / 1000 <= now().mono_us);
  }
}

TEST("children of others are filtered out in the kernel, and count as nothing lost") {
  auto opened = listening(ProcEvents::Scope::exits);
  auto* events = std::get_if<ProcEvents>(&opened);
  if (events == nullptr) SKIP("no process events here");
  const int parent = fork();
  if (parent == 0) {
    for (int i = 0; i < 200; ++i) wait_for(child(0));
    _exit(0);
  }
  wait_for(parent);
  std::vector<int> leaders;
  while (leaders.empty()) {
    CHECK(events->read([&](const ProcEvent& e) {
      if (e.what == What::exit && e.pid == e.tgid) leaders.push_back(e.pid);
    }) == 0);
  }
  CHECK(leaders == std::vector{parent});
}

TEST("new threads of a child are told, its new processes are not") {
  auto opened = listening(ProcEvents::Scope::exits);
  auto* events = std::get_if<ProcEvents>(&opened);
  if (events == nullptr) SKIP("no process events here");
  const int pid = fork();
  if (pid == 0) {
    for (int i = 0; i < 3; ++i) std::thread([] { wait_for(child(0)); }).join();
    _exit(0);
  }
  wait_for(pid);
  int threads = 0, processes = 0, living = 1;
  while (living > 0) {
    events->read([&](const ProcEvent& e) {
      if (e.what == What::fork) ++(e.pid == e.tgid ? processes : threads);
      if (e.tgid == pid) living += e.what == What::fork ? 1 : -1;
    });
  }
  CHECK(threads >= 3 && processes == 0);  // a sanitizer may have threads of its own
}

TEST("forks and execs are told where everything is asked for") {
  auto opened = listening(ProcEvents::Scope::everything);
  auto* events = std::get_if<ProcEvents>(&opened);
  if (events == nullptr) SKIP("no process events here");
  const int pid = fork();
  if (pid == 0) {
    execl("/bin/true", "true", static_cast<char*>(nullptr));
    _exit(127);
  }
  wait_for(pid);
  std::string story;
  while (!story.ends_with("exit ")) {
    events->read([&](const ProcEvent& e) {
      if (e.pid != pid) return;
      story += e.what == What::fork ? "fork " : e.what == What::exec ? "exec " : e.what == What::exit ? "exit " : "? ";
    });
  }
  CHECK(story == "fork exec exit ");
}

TEST("of all forks, only those of processes are told where these are asked for, and nothing else") {
  auto opened = listening(ProcEvents::Scope::forks);
  auto* events = std::get_if<ProcEvents>(&opened);
  if (events == nullptr) SKIP("no process events here");
  const int pid = fork();
  if (pid == 0) {
    std::thread([] { wait_for(child(0)); }).join();
    execl("/bin/true", "true", static_cast<char*>(nullptr));
    _exit(127);
  }
  wait_for(pid);
  int own = 0, of_child = 0, others = 0;
  // The first is sent before that process can run.
  CHECK(events->read([&](const ProcEvent& e) {
    if (e.what != What::fork || e.pid != e.tgid) ++others;
    else if (e.tgid == pid) own += e.parent_tgid == getpid() ? 1 : 100;
    else if (e.parent_tgid == pid) ++of_child;
  }) == 0);
  CHECK(own == 1 && of_child == 1 && others == 0);
}

TEST("exits that found the buffer full are counted exactly, once") {
  auto opened = listening(ProcEvents::Scope::exits, 1);  // the kernel makes it its minimum: a few events
  auto* events = std::get_if<ProcEvents>(&opened);
  if (events == nullptr) SKIP("no process events here");
  constexpr int kExits = 300;
  for (int i = 0; i < kExits; ++i) wait_for(child(0));
  int64_t strangers = 0, ours = 0, lost = 0;
  // The last one's event may be sent only after it could be waited for (exit_times.h).
  CHECK(until([&] {
    lost += events->read([&](const ProcEvent& e) { ++(e.parent_tgid == getpid() ? ours : strangers); });
    return lost >= kExits - ours - strangers;
  }));
  CHECK(ours + strangers > 0 && ours < kExits);  // on a busy host all that fits may be of strangers
  std::printf("     %d exits: %ld read, %ld lost, %ld of strangers' threads\n", kExits, ours, lost, strangers);
  // Read empty, it takes new ones. On a busy host a stranger's may again have taken the place.
  bool seen = false;
  while (!seen) {
    const int after = child(0);
    wait_for(after);
    events->read([&](const ProcEvent& e) { seen = seen || e.pid == after; });
  }
}

TEST("in a container it says that the kernel is silent there") {
  enum { silent, not_permitted, listened, other_fault };
  const int outer = fork();
  if (outer == 0) {
    if (unshare(CLONE_NEWUSER | CLONE_NEWPID) != 0) _exit(not_permitted);
    const int inner = fork();  // the first in the new pid namespace
    if (inner == 0) {
      const auto opened = ProcEvents::open(ProcEvents::Scope::exits);
      const auto* fault = std::get_if<Fault>(&opened);
      if (fault == nullptr) _exit(listened);
      _exit(fault->error == EOPNOTSUPP && fault->subject.find("silent") != std::string::npos ? silent : other_fault);
    }
    _exit(WEXITSTATUS(wait_for(inner)));
  }
  const int result = WEXITSTATUS(wait_for(outer));
  if (result == not_permitted) SKIP("unshare is not permitted here");
  CHECK(result == silent || (result == other_fault && getuid() != 0));
}

TEST("in another network namespace it says so") {
  const int pid = fork();
  if (pid == 0) {
    if (unshare(CLONE_NEWUSER | CLONE_NEWNET) != 0) _exit(2);
    const auto opened = ProcEvents::open(ProcEvents::Scope::exits);
    const auto* fault = std::get_if<Fault>(&opened);
    _exit(fault != nullptr && fault->subject.find("network namespace") != std::string::npos ? 0 : 1);
  }
  const int result = WEXITSTATUS(wait_for(pid));
  if (result == 2) SKIP("unshare is not permitted here");
  CHECK(result == 0);
}
