#include "proc_event.h"

#include <linux/connector.h>
#include <linux/netlink.h>

#include <algorithm>
#include <cstring>

namespace sentry {

using namespace wire;
static_assert(kEvent == sizeof(nlmsghdr) + sizeof(cn_msg));

namespace {

// memcpy, because the connector aligns nothing: the 8-byte stamp is at offset 44.
template <class T>
T at(std::span<const std::byte> bytes, size_t offset) noexcept {
  T value;
  std::memcpy(&value, bytes.data() + offset, sizeof value);
  return value;
}

// The event in the payload of a connector message; nothing where the payload is too short for its kind.
std::optional<ProcEvent> decode(const cn_msg& header, std::span<const std::byte> payload) noexcept {
  if (payload.size() < kBody) return std::nullopt;
  const auto body = payload.subspan(kBody);
  const auto field = [&](size_t index) { return at<int32_t>(body, index * 4); };
  ProcEvent event;
  event.seq = header.seq;
  event.ack = header.ack;
  event.cpu = at<uint32_t>(payload, 4);
  event.at_ns = at<int64_t>(payload, 8);
  switch (at<uint32_t>(payload, 0)) {
    case kNone:
      if (body.size() < 4) return std::nullopt;
      event.what = ProcEvent::What::ack;
      event.error = field(0);
      break;
    case kFork:
      if (body.size() < 16) return std::nullopt;
      event.what = ProcEvent::What::fork;
      event.parent_pid = field(0);
      event.parent_tgid = field(1);
      event.pid = field(2);
      event.tgid = field(3);
      break;
    case kExec:
      if (body.size() < 8) return std::nullopt;
      event.what = ProcEvent::What::exec;
      event.pid = field(0);
      event.tgid = field(1);
      break;
    case kExit:
      if (body.size() < 24) return std::nullopt;  // the parent is there since 4.18
      event.what = ProcEvent::What::exit;
      event.pid = field(0);
      event.tgid = field(1);
      event.exit_code = at<uint32_t>(body, 8);
      event.exit_signal = field(3);
      event.parent_pid = field(4);
      event.parent_tgid = field(5);
      break;
    default:
      break;
  }
  return event;
}

}  // namespace

std::optional<ProcEvent> next_event(std::span<const std::byte>& datagram) noexcept {
  while (datagram.size() >= sizeof(nlmsghdr)) {
    const auto netlink = at<nlmsghdr>(datagram, 0);
    if (netlink.nlmsg_len < sizeof(nlmsghdr) || netlink.nlmsg_len > datagram.size()) break;
    const auto message = datagram.first(netlink.nlmsg_len);
    datagram = datagram.subspan(std::min<size_t>(NLMSG_ALIGN(message.size()), datagram.size()));

    if (netlink.nlmsg_type != NLMSG_DONE || message.size() < kEvent) continue;
    const auto connector = at<cn_msg>(message, sizeof(nlmsghdr));
    const auto payload = message.subspan(kEvent);
    if (connector.id.idx != CN_IDX_PROC || connector.id.val != CN_VAL_PROC || connector.len > payload.size()) continue;
    if (auto event = decode(connector, payload.first(connector.len))) return event;
  }
  datagram = {};
  return std::nullopt;
}

}  // namespace sentry
