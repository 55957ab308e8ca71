// The program keeper.c, seen from outside: what it holds, and what it gives back to whom.
#include <netinet/in.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <cstring>
#include <filesystem>

#include "check.h"
#include "keeping.h"

using namespace keeping;

TEST("it has a session of its own, an empty environment, and no descriptor of whoever started it") {
  const Place place;
  const Fd left_open(open("/dev/zero", O_RDONLY));
  signal(SIGTERM, SIG_IGN);
  KeeperLink link;
  REQUIRE(!place.start(link));
  signal(SIGTERM, SIG_DFL);
  const std::string own = "/proc/" + std::to_string(place.keeper());
  CHECK(getsid(place.keeper()) == place.keeper());
  CHECK(text_of(own + "/environ").empty());
  const std::string status = text_of(own + "/status");
  const size_t signals = status.find("SigBlk:\t0000000000000000\nSigIgn:\t");
  REQUIRE(signals != std::string::npos);
  // But 32 and 33, which glibc's posix_spawn ignores for its own sake.
  CHECK((std::stoull(status.substr(signals + 33, 16), nullptr, 16) & ~(3ull << 31)) == 0);
  CHECK(std::filesystem::read_symlink(own + "/cwd") == "/");
  for (const auto& entry : std::filesystem::directory_iterator(own + "/fd")) {
    const std::string file = std::filesystem::read_symlink(entry.path());
    const bool standard = std::stoi(entry.path().filename()) < 3;
    CHECK(standard ? file == "/dev/null" : file.rfind("socket:", 0) == 0 || file == "anon_inode:[pidfd]");
  }
  CHECK((std::filesystem::status(place.path()).permissions() & std::filesystem::perms::all) ==
        (std::filesystem::perms::owner_read | std::filesystem::perms::owner_write));
}

TEST("what a killed owner had held is given to its successor") {
  const Place place;
  int port = 0;
  {
    auto listening = std::get<Fd>(listen_tcp("127.0.0.1", 0, 4));
    sockaddr_in address{};
    socklen_t size = sizeof address;
    getsockname(listening.get(), reinterpret_cast<sockaddr*>(&address), &size);
    port = ntohs(address.sin_port);
    Owner owner(place, [&](KeeperLink& link) {
      hold_printed(link, "out a.1 dummy:0", "half a li");
      link.hold("listen tcp 127.0.0.1", listening.get());
    });
    REQUIRE(owner.done);
    owner.end();
  }
  KeeperLink link;
  auto held = by_label(link.take(place.path()));
  REQUIRE(held.size() == 2);
  CHECK(read_all(held["out a.1 dummy:0"]) == "half a li");
  const Fd client(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  CHECK(connect(client.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
  CHECK(Fd(accept4(held["listen tcp 127.0.0.1"].get(), nullptr, nullptr, SOCK_CLOEXEC)));
}

TEST("what was sent by an owner that was killed at once is held") {
  const Place place;
  Owner owner(place, [&](KeeperLink& link) {
    kill(place.keeper(), SIGSTOP);  // so that none of it is read before the owner is dead
    for (int n = 0; n < 20; ++n) hold_printed(link, "out " + std::to_string(n), "!");
  });
  REQUIRE(owner.done);
  owner.end();
  // The successor is there first, too.
  auto successor = connect_unix(place.path(), SOCK_SEQPACKET, std::chrono::seconds(5));
  REQUIRE(std::holds_alternative<Fd>(successor));
  const int socket = std::get<Fd>(successor).get();
  REQUIRE(send(socket, 'G', {}) == 0);
  kill(place.keeper(), SIGCONT);
  int count = 0;
  Message message;
  while ((message = receive(socket)).letter == 'H') count += static_cast<int>(message.fds.size());
  CHECK(message.letter == 'E' && count == 20);
}

TEST("a label that it has already gets the new descriptor, and the old one is let go") {
  const Place place;
  KeeperLink link;
  REQUIRE(!place.start(link));
  Pipe first, second;
  link.hold("out a", first.out.get());
  link.hold({"out a", second.out.get()}, {"out b", second.out.get()});
  first.out.reset();
  CHECK(is_hung_up(first.in.get(), 10000));
  link.release("out b");
  link.release("out c");  // which it never had
  print(second.in, "second");
  KeeperLink other;
  auto held = by_label(other.take(place.path()));
  CHECK(held.size() == 1 && read_all(held["out a"]) == "second");
}

TEST("garbage does no harm, and a descriptor that cannot be filed is closed") {
  const Place place;
  KeeperLink link;
  REQUIRE(!place.start(link));
  const int socket = link.descriptor();
  Pipe pipe;
  CHECK(send(socket, '?', {{"what", pipe.out.get()}}) == 0);
  CHECK(send(socket, '\0', {}) == 0);
  CHECK(send(socket, 'H', {{"no descriptor", -1}, {"nor here", -1}}) == 0);
  CHECK(send(socket, 'H', {{"", pipe.out.get()}}) == 0);
  CHECK(send(socket, 'R', {{"", -1}, {"R\nH\nQ", -1}}) == 0);
  CHECK(send(socket, 'H', {{std::string(70000, 'x'), pipe.out.get()}}) == 0);  // more than it takes
  CHECK(send(socket, 'H', {{"out one", pipe.out.get()}, {"", -1}}) == 0);      // a label too many
  CHECK(send(socket, 'R', {{"out one", -1}}) == 0);
  pipe.out.reset();
  CHECK(is_hung_up(pipe.in.get(), 10000));
  // More descriptors than labels.
  Pipe another;
  alignas(cmsghdr) char control[CMSG_SPACE(253 * sizeof(int))] = {};
  char text[] = "Hout two";
  iovec words{text, 8};
  msghdr header{};
  header.msg_iov = &words;
  header.msg_iovlen = 1;
  header.msg_control = control;
  header.msg_controllen = sizeof control;
  cmsghdr* rights = CMSG_FIRSTHDR(&header);
  rights->cmsg_level = SOL_SOCKET;
  rights->cmsg_type = SCM_RIGHTS;
  rights->cmsg_len = CMSG_LEN(253 * sizeof(int));
  for (int n = 0; n < 253; ++n)
    memcpy(CMSG_DATA(rights) + n * sizeof(int), &(n == 0 ? another.in : another.out), sizeof(int));
  CHECK(sendmsg(socket, &header, MSG_NOSIGNAL) == 8);
  another.out.reset();
  CHECK(is_hung_up(another.in.get(), 10000));  // the 252 others are closed; the one that is held is another end
  KeeperLink other;
  CHECK(by_label(other.take(place.path())).size() == 1);
}

TEST("the last connection counts, and the one before it is closed") {
  const Place place;
  KeeperLink first, second;
  REQUIRE(!place.start(first));
  Pipe pipe;
  first.hold("out a", pipe.out.get());
  const Fd watched(fcntl(first.descriptor(), F_DUPFD_CLOEXEC, 3));
  CHECK(!is_hung_up(watched.get()));
  CHECK(by_label(second.take(place.path())).size() == 1);
  CHECK(is_hung_up(watched.get(), 10000));
  second.hold("out b", pipe.out.get());
  KeeperLink third;
  CHECK(by_label(third.take(place.path())).size() == 2);
}

TEST("another user is not let in, and does not take the place of who is there") {
  if (geteuid() != 0) SKIP("only root becomes another user");
  const Place place;
  KeeperLink link;
  REQUIRE(!place.start(link));
  REQUIRE(chmod(place.folder.path.c_str(), 0755) == 0 && chmod(place.path().c_str(), 0777) == 0);
  const int stranger = fork();
  if (stranger == 0) {
    if (setresuid(65534, 65534, 65534) != 0) _exit(2);
    auto connected = connect_unix(place.path(), SOCK_SEQPACKET, std::chrono::seconds(5));
    if (std::holds_alternative<Fault>(connected)) _exit(3);
    const int socket = std::get<Fd>(connected).get();
    const int error = send(socket, 'G', {});
    _exit(error == EPIPE || receive(socket).error == ECONNRESET ? 0 : 1);
  }
  int status = -1;
  waitpid(stranger, &status, 0);
  CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
  CHECK(!is_hung_up(link.descriptor()));
}

TEST("it holds 3000 descriptors, and gives each under its own label") {
  const Place place;
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
  if (limit.rlim_max < 3100) SKIP("the hard limit of open files is too low");
  constexpr int kMany = 3000;
  std::map<std::string, ino_t> inodes;
  {
    KeeperLink link;
    REQUIRE(!place.start(link));
    for (int n = 0; n < kMany; ++n) {
      const Fd file(memfd_create("one", MFD_CLOEXEC));
      struct stat found{};
      REQUIRE(fstat(file.get(), &found) == 0);
      const std::string label = "out 3f2a9c1b7d8e0f11." + std::to_string(n) + " dummy:0";
      inodes[label] = found.st_ino;
      link.hold(label, file.get());
    }
    KeeperLink successor;
    const auto held = by_label(successor.take(place.path()));
    CHECK(held.size() == kMany);
    int right = 0;
    for (const auto& [label, fd] : held) {
      struct stat found{};
      right += fstat(fd.get(), &found) == 0 && found.st_ino == inodes[label];
    }
    CHECK(right == kMany);
    successor.end();
  }
}

TEST("with its descriptor table full it still lets a successor in, gives what it could take, and sleeps") {
  const Place place;
  const auto too_many = [](KeeperLink& link) {
    for (int n = 0; n < 100; ++n) hold_printed(link, "out " + std::to_string(n), "!");
  };
  const auto few = [] {
    const rlimit files{40, 40};
    setrlimit(RLIMIT_NOFILE, &files);
  };
  Owner owner(place, too_many, few);
  REQUIRE(owner.done);
  CHECK(sleeps(place.keeper()));
  for (int n = 0; n < 3; ++n) {
    KeeperLink link;
    const size_t count = by_label(link.take(place.path())).size();
    CHECK(count > 20 && count < 40);
    for (int more = 100; more < 110; ++more) hold_printed(link, "out " + std::to_string(more), "!");
    CHECK(sleeps(place.keeper()));
  }
}
