// SPDX-License-Identifier: Apache-2.0
// Cranes, diggers, lorries, stacks of material and people; which of them depends on the work in
// hand.
#include <array>

#include "scripts/scenery/site.h"

namespace sitecast::scenery {
namespace {

const Material kYellow{{0.62F, 0.36F, 0.03F}, Pattern::kPlain};
const Material kDark{{0.035F, 0.035F, 0.04F}, Pattern::kPlain};
const Material kCab{{0.05F, 0.07F, 0.09F}, Pattern::kGlass};

// The hall where the most is going on, and how far along it the work stands.
struct Work {
  const HallPlace* place = nullptr;
  float progress = 0;
};
Work busiest(const SiteState& state) {
  const bool second = state.hall1 > 0.9F || (state.hall2 > 0.28F && state.hall2 < 0.66F);
  return second ? Work{&kHall2, state.hall2} : Work{&kHall1, state.hall1};
}
float work_line(const Work& work) {  // x of the bay in work
  const float share = work.progress < 0.12F   ? phase(work.progress, 0, 0.12F)
                      : work.progress < 0.28F ? phase(work.progress, 0.12F, 0.28F)
                      : work.progress < 0.50F ? phase(work.progress, 0.28F, 0.50F)
                      : work.progress < 0.66F ? phase(work.progress, 0.50F, 0.66F)
                                              : phase(work.progress, 0.66F, 0.9F);
  return work.place->corner.x + work.place->length * share;
}

void add_excavator(Mesh& mesh, Vec3 at, float heading) {
  const Vec3 ahead{std::cos(heading), std::sin(heading), 0};
  const Vec3 side{-ahead.y, ahead.x, 0};
  for (const float s : {-1.1F, 1.1F}) {
    mesh.add_turned_box(at + side * s, 3.6F, 0.6F, 0.8F, heading, kDark);
  }
  mesh.add_turned_box(at + ahead * -0.3F + Vec3{0, 0, 0.9F}, 3.2F, 2.5F, 1.1F, heading, kYellow);
  mesh.add_turned_box(at + ahead * 0.7F + side * 0.7F + Vec3{0, 0, 1.9F}, 1.4F, 1, 1.3F, heading,
                      kCab);
  const Vec3 shoulder = at + ahead * 1.4F + Vec3{0, 0, 1.6F};
  const Vec3 elbow = at + ahead * 4.2F + Vec3{0, 0, 4.3F};
  const Vec3 wrist = at + ahead * 6.3F + Vec3{0, 0, 1.5F};
  mesh.add_beam(shoulder, elbow, 0.45F, 0.5F, kYellow);
  mesh.add_beam(elbow, wrist, 0.35F, 0.4F, kYellow);
  mesh.add_turned_box(wrist + Vec3{0, 0, -0.9F}, 0.9F, 1.1F, 0.9F, heading, kDark);
}

void add_lorry(Mesh& mesh, Vec3 at, float heading, bool mixer) {
  const Vec3 ahead{std::cos(heading), std::sin(heading), 0};
  const Material paint{{0.60F, 0.62F, 0.63F}, Pattern::kPlain};
  mesh.add_turned_box(at + Vec3{0, 0, 0.7F}, 8, 2.2F, 0.35F, heading, kDark);
  mesh.add_turned_box(at + ahead * 3.1F + Vec3{0, 0, 0.9F}, 1.8F, 2.4F, 2.1F, heading, paint);
  mesh.add_turned_box(at + ahead * 3.95F + Vec3{0, 0, 1.8F}, 0.15F, 2.1F, 0.9F, heading, kCab);
  for (const float s : {-2.9F, -1.7F, 2.7F}) {
    mesh.add_turned_box(at + ahead * s, 1, 2.35F, 0.95F, heading, kDark);
  }
  if (mixer) {
    const Material drum{{0.55F, 0.57F, 0.56F}, Pattern::kPlain};
    const Vec3 middle = at + ahead * -0.6F + Vec3{0, 0, 2.2F};
    const Vec3 radius{1.1F + 1.3F * std::abs(ahead.x), 1.1F + 1.3F * std::abs(ahead.y), 1.15F};
    mesh.add_blob(middle, radius, 11, drum);
  } else {
    const Material body{{0.42F, 0.10F, 0.06F}, Pattern::kPlain};
    mesh.add_turned_box(at + ahead * -1 + Vec3{0, 0, 1.05F}, 5.6F, 2.3F, 1.3F, heading, body);
  }
}

struct Crane {
  Vec3 base;
  Vec3 tip;
  float heading = 0;
};
Crane crane_of(const SiteState& state) {
  const Work work = busiest(state);
  const float x = work_line(work);
  const Vec3 base{x + 6, work.place->corner.y - 9, 0};
  const Vec3 target{x, work.place->corner.y + 9, 0};
  const Vec3 direction = normalized(target - base);
  return {base, base + direction * 15 + Vec3{0, 0, 25}, std::atan2(direction.y, direction.x)};
}

void add_crane(Mesh& mesh, const Crane& crane) {
  const Vec3 ahead{std::cos(crane.heading), std::sin(crane.heading), 0};
  mesh.add_turned_box(crane.base + Vec3{0, 0, 0.7F}, 10, 2.6F, 1, crane.heading, kYellow);
  for (const float s : {-3.6F, -2.0F, 2.0F, 3.6F}) {
    mesh.add_turned_box(crane.base + ahead * s, 1.2F, 2.8F, 1.1F, crane.heading, kDark);
  }
  mesh.add_turned_box(crane.base + ahead * -2.5F + Vec3{0, 0, 1.7F}, 4, 2.4F, 1.5F, crane.heading,
                      kYellow);
  mesh.add_turned_box(crane.base + ahead * 1.2F + Vec3{0, 0, 1.7F}, 1.6F, 1.2F, 1.6F, crane.heading,
                      kCab);
  const Vec3 foot = crane.base + ahead * -1 + Vec3{0, 0, 2.6F};
  for (int section = 0; section < 4; ++section) {  // telescopic boom
    const float t0 = static_cast<float>(section) / 4;
    const float t1 = static_cast<float>(section + 1) / 4;
    const float thick = 0.95F - 0.17F * static_cast<float>(section);
    mesh.add_beam(mix(foot, crane.tip, t0), mix(foot, crane.tip, t1), thick, thick, kYellow);
  }
}

void add_stacks(Mesh& mesh, const SiteState& state) {
  const Work work = busiest(state);
  const Material steel{{0.30F, 0.085F, 0.055F}, Pattern::kPlain};
  const Material sheets{{0.52F, 0.56F, 0.60F}, Pattern::kPlain};
  const Material timber{{0.42F, 0.29F, 0.15F}, Pattern::kPlain};
  const Material bars{{0.22F, 0.12F, 0.07F}, Pattern::kPlain};
  const float p = work.progress;
  const Material& material = p < 0.28F ? bars : p < 0.5F ? steel : p < 0.86F ? sheets : timber;
  for (std::uint32_t i = 0; i < 7; ++i) {
    const Vec3 at{-52 + 9 * static_cast<float>(i) + 3 * random01(state.seed, i),
                  -18 - 5 * random01(state.seed, i + 20), 0};
    if (state.yard > 0.6F) break;
    for (int layer = 0; layer < 3; ++layer) {
      const float z = 0.15F + 0.42F * static_cast<float>(layer);
      for (int k = 0; k < 4; ++k) {
        mesh.add_turned_box(at + Vec3{0, 0.5F * static_cast<float>(k), z}, 6.5F, 0.3F, 0.36F,
                            0.06F * random01(state.seed, i + 40), material);
      }
    }
  }
}

void add_person(Mesh& mesh, Vec3 at, float heading, float stride, std::uint32_t who) {
  const Vec3 ahead{std::cos(heading), std::sin(heading), 0};
  const Vec3 side{-ahead.y, ahead.x, 0};
  const Material trousers{{0.05F, 0.07F, 0.13F}, Pattern::kPlain};
  const std::array<Vec3, 3> vests{
      Vec3{0.80F, 0.20F, 0.02F}, {0.50F, 0.66F, 0.05F}, {0.80F, 0.20F, 0.02F}};
  const std::array<Vec3, 4> helmets{Vec3{0.80F, 0.56F, 0.02F},
                                    {0.70F, 0.05F, 0.04F},
                                    {0.75F, 0.76F, 0.76F},
                                    {0.04F, 0.16F, 0.55F}};
  const Material vest{vests[who % vests.size()], Pattern::kPlain};
  const Material skin{{0.42F, 0.26F, 0.18F}, Pattern::kPlain};
  const Material helmet{helmets[who % helmets.size()], Pattern::kPlain};
  for (const float s : {-1.0F, 1.0F}) {
    const float swing = s * 0.32F * std::sin(stride);
    mesh.add_beam(at + side * (0.1F * s) + ahead * swing,
                  at + side * (0.1F * s) + Vec3{0, 0, 0.85F}, 0.16F, 0.16F, trousers);
    mesh.add_beam(at + side * (0.28F * s) + ahead * (-swing) + Vec3{0, 0, 0.85F},
                  at + side * (0.25F * s) + Vec3{0, 0, 1.42F}, 0.11F, 0.11F, vest);
  }
  mesh.add_turned_box(at + Vec3{0, 0, 0.82F}, 0.26F, 0.44F, 0.64F, heading, vest);
  mesh.add_blob(at + Vec3{0, 0, 1.6F}, {0.11F, 0.11F, 0.14F}, 3, skin);
  mesh.add_blob(at + Vec3{0, 0, 1.69F}, {0.15F, 0.15F, 0.11F}, 4, helmet);
}

}  // namespace

void add_machines(Mesh& mesh, const SiteState& state) {
  const Work work = busiest(state);
  const float x = work_line(work);
  const float y = work.place->corner.y;
  if (work.progress < 0.16F || state.hall2 < 0.12F) {
    const HallPlace& dug = work.progress < 0.16F ? *work.place : kHall2;
    const float at =
        dug.corner.x + dug.length * (work.progress < 0.16F ? phase(work.progress, 0, 0.12F) : 0.3F);
    add_excavator(mesh, {at + 3, dug.corner.y + 6, 0}, 2.2F);
    add_excavator(mesh, {at - 6, dug.corner.y + 22, 0}, -0.5F);
  }
  if (work.progress > 0.12F && work.progress < 0.28F) {
    add_lorry(mesh, {x + 4, y - 4, 0}, 1.4F, true);
  }
  if (work.progress > 0.27F && work.progress < 0.67F) add_crane(mesh, crane_of(state));
  if (work.progress > 0.6F && work.progress < 0.9F) {  // boom lift at the wall
    const Vec3 base{x + 2, y - 4.5F, 0};
    const Material orange{{0.65F, 0.22F, 0.02F}, Pattern::kPlain};
    mesh.add_turned_box(base + Vec3{0, 0, 0.3F}, 3, 2, 1, 0.3F, orange);
    mesh.add_beam(base + Vec3{0, 0, 1.2F}, base + Vec3{-3, 1.2F, 5.6F}, 0.35F, 0.35F, orange);
    mesh.add_beam(base + Vec3{-3, 1.2F, 5.6F}, base + Vec3{0.2F, 3.4F, 7.2F}, 0.28F, 0.28F, orange);
    mesh.add_box(base + Vec3{-0.5F, 3, 6.4F}, {1.8F, 0.9F, 1.0F},
                 {{0.55F, 0.52F, 0.48F}, Pattern::kPlain});
  }
  add_stacks(mesh, state);
}

void add_movers(Mesh& mesh, const SiteState& state, float time_s) {
  const Work work = busiest(state);
  const float x = work_line(work);
  const float y = work.place->corner.y;
  for (std::uint32_t who = 0; who < 11; ++who) {
    const float speed = who % 3 == 0 ? 0.0F : 0.6F + 0.7F * random01(state.seed, who);
    const bool near_work = who < 7;
    const Vec3 home = near_work ? Vec3{x - 10 + 20 * random01(state.seed, who + 50),
                                       y - 7 + 5 * random01(state.seed, who + 70), 0}
                                : Vec3{28 + 10 * random01(state.seed, who + 50),
                                       -8 + 12 * random01(state.seed, who + 70), 0};
    const float heading = 6.28F * random01(state.seed, who + 90);
    // There and back again over 12 m.
    const float walked = std::fmod(speed * time_s, 24.0F);
    const bool back = walked > 12;
    const float offset = back ? 24 - walked : walked;
    const Vec3 at = home + Vec3{std::cos(heading) * offset, std::sin(heading) * offset * 0.3F, 0};
    add_person(mesh, at, back ? heading + 3.14F : heading, speed * time_s * 4.2F, who);
  }
  if (state.yard < 0.95F) {  // a lorry comes in through the gate
    const float way = std::fmod(time_s * 3.2F + 20 * random01(state.seed, 5), 46.0F);
    add_lorry(mesh, {9, -60 + way, 0}, 1.5708F, state.hall1 < 0.3F);
  }
  if (work.progress > 0.27F && work.progress < 0.67F) {  // the load swings under the hook
    const Crane crane = crane_of(state);
    const float swing = 0.5F * std::sin(time_s * 0.9F);
    const Vec3 hook = crane.tip + Vec3{swing, swing * 0.4F, -11 - 1.5F * std::sin(time_s * 0.25F)};
    const Material rope{{0.04F, 0.04F, 0.04F}, Pattern::kPlain};
    const Material load{{0.30F, 0.085F, 0.055F}, Pattern::kPlain};
    mesh.add_beam(crane.tip, hook, 0.06F, 0.06F, rope);
    mesh.add_turned_box(hook + Vec3{0, 0, -0.8F}, 8, 0.3F, 0.5F,
                        0.4F + 0.25F * std::sin(time_s * 0.4F), load);
  }
}

}  // namespace sitecast::scenery
