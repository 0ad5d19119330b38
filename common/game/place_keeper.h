// Places (zone channels, the matchmaking queue …): rows with an epoch, taken by ACQUIRE, proposed by rendezvous hashing
// over live nodes of a role. A place whose holder lives stays where it is; one whose holder is gone, or drains, is
// taken by the node that the hash names. Only a place's holder may put players into it. Logic thread only.
#pragma once
#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "common/logic/node.h"

namespace dure {

namespace proto {
class PlacesNotice;
}

class PlaceKeeper {
 public:
  struct Callbacks {
    std::function<void(const std::string& place, std::uint64_t epoch)> acquired;
    std::function<void(const std::string& place)> lost;
    std::function<std::uint32_t(const std::string& place)> players;  // for the notice
  };
  // `settle`: how long a starting node waits for its peers before it proposes itself.
  PlaceKeeper(Node& node, std::vector<std::string> places, Callbacks callbacks, Duration settle = milliseconds(600));

  void start();  // from on_start()
  void peer_up(NodeId peer);
  void peer_down(NodeId peer);
  void notice(const From& from, const proto::PlacesNotice& notice);
  // What this node knew of a place of its own is lost: it is taken anew, and the new epoch tells everybody so.
  void renew(const std::string& place);

  bool mine(const std::string& place) const;
  // None: nobody holds it as far as this node has heard.
  NodeId holder(const std::string& place) const;
  std::uint64_t epoch(const std::string& place) const;
  std::uint32_t players(const std::string& place) const;  // at its holder, as last heard
  const std::vector<std::string>& places() const { return places_; }

 private:
  struct Held {
    std::uint64_t epoch = 0;
    NodeId holder;
    Incarnation incarnation;
    std::uint32_t players = 0;
  };
  // Who is to take each place that nobody holds: rendezvous hashing with bounded loads (Mirrokni, Thorup, Zadimoghaddam
  // 2016), so that few places are spread evenly over few nodes.
  std::map<std::string, NodeId> propose() const;
  void review();
  Task<void> take(std::string place);
  void tell(NodeId peer);
  bool lives(const Held& held) const;

  Node& node_;
  std::vector<std::string> places_;
  Callbacks callbacks_;
  Duration settle_;
  bool settled_ = false;
  std::map<std::string, Held> held_;
  std::set<std::string> taking_, to_renew_;
};

}  // namespace dure
