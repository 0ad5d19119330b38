#include "lobby/sample/sample.h"

#include "lobby/sample/bag.h"
#include "lobby/sample/shops.h"

namespace dure::sample {

void add_sample(Lobby& lobby, const LobbyContent& content) {
  lobby.add_feature<Shops>(content.items, content.shops);
  lobby.add_feature<Bag>(content.items);
}

}  // namespace dure::sample
