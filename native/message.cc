#include "message.h"

#include <errno.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <array>
#include <cstring>

namespace sentry {

namespace {

constexpr size_t kMostDescriptors = 253;  // of one message: SCM_MAX_FD
constexpr size_t kLongest = 65536;

}  // namespace

Message receive(int socket) {
  std::string text(kLongest, '\0');
  alignas(cmsghdr) std::array<char, CMSG_SPACE(kMostDescriptors * sizeof(int))> control;
  iovec words{text.data(), text.size()};
  msghdr header{};
  header.msg_iov = &words;
  header.msg_iovlen = 1;
  header.msg_control = control.data();
  header.msg_controllen = control.size();
  ssize_t length;
  while ((length = recvmsg(socket, &header, MSG_CMSG_CLOEXEC)) < 0 && errno == EINTR) {
  }
  Message message;
  if (length <= 0) {
    message.error = length == 0 ? ECONNRESET : errno == EAGAIN ? ETIMEDOUT : errno;
    return message;
  }
  message.letter = text[0];
  message.text = text.substr(1, static_cast<size_t>(length) - 1);
  const cmsghdr* rights = CMSG_FIRSTHDR(&header);
  if (rights == nullptr || rights->cmsg_type != SCM_RIGHTS) return message;
  std::array<int, kMostDescriptors> numbers;
  const size_t count = (rights->cmsg_len - CMSG_LEN(0)) / sizeof(int);
  std::memcpy(numbers.data(), CMSG_DATA(rights), count * sizeof(int));
  for (size_t n = 0; n < count; ++n) message.fds.emplace_back(numbers[n]);
  return message;
}

int send(int socket, char letter, std::initializer_list<Labelled> lines) noexcept {
  char line_end = '\n';
  std::array<iovec, 4> words{{{&letter, 1}}};
  std::array<int, 2> numbers;
  size_t pieces = 1, count = 0;
  for (const Labelled& line : lines) {
    if (pieces > 1) words[pieces++] = {&line_end, 1};
    words[pieces++] = {const_cast<char*>(line.label.data()), line.label.size()};
    if (line.fd >= 0) numbers[count++] = line.fd;
  }
  // The types of these lengths differ between C libraries.
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof numbers)> control{};
  msghdr header{};
  header.msg_iov = words.data();
  header.msg_iovlen = static_cast<decltype(header.msg_iovlen)>(pieces);
  if (count > 0) {
    header.msg_control = control.data();
    header.msg_controllen = static_cast<decltype(header.msg_controllen)>(CMSG_SPACE(count * sizeof(int)));
    cmsghdr* rights = CMSG_FIRSTHDR(&header);
    rights->cmsg_level = SOL_SOCKET;
    rights->cmsg_type = SCM_RIGHTS;
    rights->cmsg_len = static_cast<decltype(rights->cmsg_len)>(CMSG_LEN(count * sizeof(int)));
    std::memcpy(CMSG_DATA(rights), numbers.data(), count * sizeof(int));
  }
  while (sendmsg(socket, &header, MSG_NOSIGNAL) < 0) {
    if (errno != EINTR) return errno == EAGAIN ? ETIMEDOUT : errno;
  }
  return 0;
}

}  // namespace sentry
