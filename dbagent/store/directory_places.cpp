#include "common/proto/dbagent.pb.h"
#include "dbagent/store/directory.h"

namespace dure::store {
namespace {

struct Place {
  std::uint64_t epoch = 0;
  std::uint32_t holder = 0;
  Key16 holder_incarnation;
  std::uint64_t acquire_id = 0;
  std::uint64_t acquire_epoch = 0;
};

// A place nobody ever held has epoch 0.
Place read_place(Directory& directory, const std::string& name) {
  Query row(directory.db, "SELECT epoch, holder, holder_inc, acquire_id, acquire_epoch FROM place WHERE place = ?1",
            name);
  if (!row.row()) return {};
  return {row.u64(0), row.u32(1), row.key(2), row.u64(3), row.u64(4)};
}

proto::PlaceReply answer(proto::StoreCode code, const Place& place) {
  proto::PlaceReply reply;
  reply.set_code(code);
  reply.set_epoch(place.epoch);
  reply.set_holder(place.holder);
  put(place.holder_incarnation, reply.mutable_holder_incarnation());
  return reply;
}

}  // namespace

// ACQUIRE of a place: the same three rows of the contract as for a player.
proto::PlaceReply acquire_place(Directory& directory, const proto::PlaceAcquire& request) {
  require(!request.place().empty() && request.place().size() <= 128, "place");
  Place place = read_place(directory, request.place());
  const bool repeated =
      request.acquire_id() != 0 && request.acquire_id() == place.acquire_id && place.epoch == place.acquire_epoch;
  if (repeated) return answer(proto::STORED, place);
  if (place.epoch != request.expected_epoch()) return answer(proto::EXPECTED_OTHER, place);
  ++place.epoch;
  place.holder = request.node();
  place.holder_incarnation = key_of(request.incarnation());
  directory.db.run(
      "INSERT INTO place VALUES(?1, ?2, ?3, ?4, ?5, ?2) ON CONFLICT DO UPDATE SET epoch = ?2, holder = ?3, "
      "holder_inc = ?4, acquire_id = ?5, acquire_epoch = ?2",
      request.place(), place.epoch, place.holder, place.holder_incarnation, request.acquire_id());
  return answer(proto::STORED, place);
}

proto::PlaceReply find_place(Directory& directory, const proto::PlaceQuery& request) {
  const Place place = read_place(directory, request.place());
  return answer(place.epoch == 0 ? proto::NO_SUCH : proto::STORED, place);
}

}  // namespace dure::store
