#include "channels.h"

#include "removal.h"

namespace sentry {

namespace {

std::string notify_label(const std::string& kept) { return "notify " + kept; }
std::string ready_label(const std::string& kept) { return "ready " + kept; }

}  // namespace

void hold(KeeperLink& keeper, const std::string& kept, const Channels& channels) noexcept {
  if (channels.notify) keeper.hold(notify_label(kept), channels.notify.get());
  if (channels.ready) keeper.hold(ready_label(kept), channels.ready.get());
}

void release(KeeperLink& keeper, const std::string& kept, Channels channels) {
  if (channels.notify) keeper.release(notify_label(kept));
  if (channels.ready) release_ready(keeper, kept);
  dispose(std::move(channels.notify));
}

void release_ready(KeeperLink& keeper, const std::string& kept) noexcept { keeper.release(ready_label(kept)); }

}  // namespace sentry
