#include "proc_events.h"

#include <arpa/inet.h>
#include <linux/connector.h>
#include <linux/filter.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

namespace sentry {

namespace {

using namespace wire;

constexpr uint32_t kListen = 1, kIgnore = 2;

constexpr size_t kBatch = 32;
constexpr size_t kDatagram = 256;  // an event is 76 bytes long in 6.18; room for what may be added

constexpr sock_filter load(size_t offset_in_event) noexcept {
  return BPF_STMT(BPF_LD | BPF_W | BPF_ABS, static_cast<uint32_t>(kEvent + offset_in_event));
}

// Jumps are counted in instructions from the next one. The filter sees words in network order, the kernel wrote
// them in its own: hence htonl.
sock_filter jump_if(uint32_t word, uint8_t yes, uint8_t no) noexcept {
  return BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, htonl(word), yes, no);
}

constexpr sock_filter kReject = BPF_STMT(BPF_RET | BPF_K, 0);
constexpr sock_filter kAccept = BPF_STMT(BPF_RET | BPF_K, 0xffff'ffff);

bool attach(int socket, std::span<sock_filter> code) noexcept {
  const sock_fprog program{static_cast<unsigned short>(code.size()), code.data()};
  return setsockopt(socket, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program) == 0;
}

bool attach(int socket, ProcEvents::Scope scope) noexcept {
  if (scope == ProcEvents::Scope::everything) {
    std::array code{load(0), jump_if(kNone, 4, 0), jump_if(kFork, 3, 0), jump_if(kExec, 2, 0), jump_if(kExit, 1, 0),
                    kReject, kAccept};
    return attach(socket, code);
  }
  const sock_filter remember = BPF_STMT(BPF_MISC | BPF_TAX, 0);
  if (scope == ProcEvents::Scope::forks) {
    std::array code{load(0), jump_if(kNone, 6, 0), jump_if(kFork, 0, 4),
                    // A thread's pid is not its tgid.
                    load(kBody + 8), remember, load(kBody + 12), sock_filter BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_X, 0, 1, 0),
                    kReject, kAccept};
    return attach(socket, code);
  }
  const auto own = static_cast<uint32_t>(getpid());
  const uint8_t others = scope == ProcEvents::Scope::all_exits ? 1 : 0;  // as far away as `accept`
  std::array code{
      load(0),
      jump_if(kNone, 15, 0),  // accept
      jump_if(kExit, 7, 0),
      jump_if(kFork, 0, 12),  // reject
      // A fork makes a thread where pid is not tgid. Its parent is then its process's.
      load(kBody + 8),
      remember,
      load(kBody + 12),
      sock_filter BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_X, 0, 8, 0),  // reject
      load(kBody + 4),
      sock_filter BPF_STMT(BPF_JMP | BPF_JA, 5),
      // An exit of a leader, where pid is tgid, has its parent; that of another thread does not.
      load(kBody),
      remember,
      load(kBody + 4),
      sock_filter BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_X, 0, 0, 3),  // accept
      load(kBody + 20),
      jump_if(own, 1, others),
      kReject,
      kAccept,
  };
  return attach(socket, code);
}

// The kernel handles it, and queues its answer, before send(2) returns.
bool ask(int socket, uint32_t what, uint32_t ack) noexcept {
  std::array<std::byte, kEvent + sizeof what> bytes{};
  nlmsghdr netlink{};
  netlink.nlmsg_len = bytes.size();
  netlink.nlmsg_type = NLMSG_DONE;
  cn_msg connector{};
  connector.id = {CN_IDX_PROC, CN_VAL_PROC};
  connector.ack = ack;
  connector.len = sizeof what;
  std::memcpy(bytes.data(), &netlink, sizeof netlink);
  std::memcpy(bytes.data() + sizeof netlink, &connector, sizeof connector);
  std::memcpy(bytes.data() + kEvent, &what, sizeof what);
  return send(socket, bytes.data(), bytes.size(), MSG_DONTWAIT) == static_cast<ssize_t>(bytes.size());
}

// Reads until nothing is left. Only what the kernel itself has sent is believed: its address is 0.
void drain(int socket, const std::function<void(const ProcEvent&)>& each) {
  std::array<std::array<std::byte, kDatagram>, kBatch> bytes;
  for (;;) {
    std::array<mmsghdr, kBatch> messages{};
    std::array<iovec, kBatch> parts;
    std::array<sockaddr_nl, kBatch> senders{};
    for (size_t i = 0; i < kBatch; ++i) {
      parts[i] = {bytes[i].data(), kDatagram};
      messages[i].msg_hdr.msg_name = &senders[i];
      messages[i].msg_hdr.msg_namelen = sizeof senders[i];
      messages[i].msg_hdr.msg_iov = &parts[i];
      messages[i].msg_hdr.msg_iovlen = 1;
    }
    const int count = recvmmsg(socket, messages.data(), kBatch, MSG_DONTWAIT, nullptr);
    if (count < 0) {
      if (errno == EINTR) continue;
      return;
    }
    for (size_t i = 0; i < static_cast<size_t>(count); ++i) {
      if (messages[i].msg_hdr.msg_namelen != sizeof(sockaddr_nl) || senders[i].nl_pid != 0) continue;
      std::span<const std::byte> datagram{bytes[i].data(), messages[i].msg_len};
      while (const auto event = next_event(datagram)) each(*event);
    }
    if (static_cast<size_t>(count) < kBatch) return;
  }
}

// How many datagrams that passed the filter found no room. Nothing before 4.12.
std::optional<uint32_t> drops_of(int socket) noexcept {
  std::array<uint32_t, SK_MEMINFO_VARS> counts{};
  socklen_t size = sizeof counts;
  if (getsockopt(socket, SOL_SOCKET, SO_MEMINFO, counts.data(), &size) != 0) return std::nullopt;
  return counts[SK_MEMINFO_DROPS];
}

Fault refused(int error, const char* why) { return {"process events", error, why}; }

}  // namespace

std::variant<ProcEvents, Fault> ProcEvents::open(Scope scope, int buffer_bytes) {
  Fd socket{::socket(AF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_CONNECTOR)};
  if (!socket) return refused(errno, "this kernel has no connector");

  // Above net.core.rmem_max only with CAP_NET_ADMIN; without it, as much as there is.
  if (setsockopt(socket.get(), SOL_SOCKET, SO_RCVBUFFORCE, &buffer_bytes, sizeof buffer_bytes) != 0)
    setsockopt(socket.get(), SOL_SOCKET, SO_RCVBUF, &buffer_bytes, sizeof buffer_bytes);

  // With ENOBUFS a full socket would take nothing more until it has been read empty. Without, it takes what fits.
  const int on = 1;
  setsockopt(socket.get(), SOL_NETLINK, NETLINK_NO_ENOBUFS, &on, sizeof on);
  const auto drops = drops_of(socket.get());
  if (!drops) return refused(errno, "this kernel does not count what it drops");
  if (!attach(socket.get(), scope)) return refused(errno, "the kernel takes no socket filter");

  sockaddr_nl group{};
  group.nl_family = AF_NETLINK;
  group.nl_groups = CN_IDX_PROC;
  if (bind(socket.get(), reinterpret_cast<const sockaddr*>(&group), sizeof group) != 0)
    return refused(errno, "not permitted before Linux 6.6 without CAP_NET_ADMIN");

  // The answer goes to all who listen, so ours is known by its number. The processor's clock is random enough.
  timespec clock{};
  clock_gettime(CLOCK_MONOTONIC, &clock);
  const auto number = static_cast<uint32_t>(clock.tv_nsec) ^ static_cast<uint32_t>(getpid()) << 16;
  if (!ask(socket.get(), kListen, number)) {
    if (errno == ECONNREFUSED) return refused(errno, "not in this network namespace, only in the host's own");
    return refused(errno, "the kernel did not take the subscription");
  }
  std::optional<int> answer;
  drain(socket.get(), [&](const ProcEvent& event) {
    if (event.what == ProcEvent::What::ack && event.ack == number + 1) answer = event.error;
  });
  if (!answer) return refused(EOPNOTSUPP, "the kernel is silent, as it is in a container (user or pid namespace)");
  if (*answer != 0) return refused(*answer, "not permitted before Linux 6.6 without CAP_NET_ADMIN");
  return ProcEvents{std::move(socket), *drops, false};
}

// Before 6.6 the kernel does not notice that a listener is gone, and would go on making events for nobody.
ProcEvents::~ProcEvents() {
  if (socket_) ask(socket_.get(), kIgnore, 0);
}

bool ProcEvents::change_scope(Scope scope) noexcept { return attach(socket_.get(), scope); }

int64_t ProcEvents::read(const std::function<void(const ProcEvent&)>& each) {
  drain(socket_.get(), each);
  const uint32_t drops = drops_of(socket_.get()).value_or(drops_);
  return static_cast<uint32_t>(drops - std::exchange(drops_, drops));
}

}  // namespace sentry
