# SPDX-License-Identifier: Apache-2.0
# How our targets are built: warnings, sanitizers, linker, and the functions that declare them.
find_program(CCACHE_PROGRAM ccache)
if(CCACHE_PROGRAM)
  set(CMAKE_C_COMPILER_LAUNCHER ${CCACHE_PROGRAM})
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CCACHE_PROGRAM})
endif()
find_program(MOLD_PROGRAM mold)
if(MOLD_PROGRAM AND NOT SITECAST_SANITIZE)
  add_link_options(-fuse-ld=mold)
endif()

add_library(sitecast_warnings INTERFACE)
target_compile_options(sitecast_warnings INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wold-style-cast -Wnon-virtual-dtor
  $<$<BOOL:${SITECAST_WERROR}>:-Werror>
  $<$<CXX_COMPILER_ID:Clang>:-Wthread-safety>)

if(SITECAST_SANITIZE)
  # A finding ends the process: one that is only printed passes for a good test.
  add_compile_options(-fsanitize=${SITECAST_SANITIZE} -fno-sanitize-recover=all
    -fno-omit-frame-pointer)
  add_link_options(-fsanitize=${SITECAST_SANITIZE})
endif()

if(SITECAST_FUZZ)
  add_compile_options(-fsanitize=fuzzer-no-link)  # libFuzzer must see the branches of our libraries
endif()

# sitecast_library(NAME SOURCES a.cpp … DEPS lib …): a stage. Includes are from the project's root.
# With SITECAST_UNITY eight files compile as one, so two files of a library or a test cannot give one name to two
# things, not even in their unnamed namespaces.
function(sitecast_library name)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPS;PRIVATE_DEPS" ${ARGN})
  add_library(${name} STATIC ${ARG_SOURCES})
  target_include_directories(${name} PUBLIC ${PROJECT_SOURCE_DIR})
  target_link_libraries(${name} PUBLIC ${ARG_DEPS} PRIVATE sitecast_warnings ${ARG_PRIVATE_DEPS})
  set_target_properties(${name} PROPERTIES UNITY_BUILD ${SITECAST_UNITY} UNITY_BUILD_BATCH_SIZE 8)
endfunction()

function(sitecast_executable name)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPS" ${ARGN})
  add_executable(${name} ${ARG_SOURCES})
  target_include_directories(${name} PRIVATE ${PROJECT_SOURCE_DIR})
  target_link_libraries(${name} PRIVATE ${ARG_DEPS} sitecast_warnings)
endfunction()

# Targets of two stages of scripts/test that build only what they run.
add_custom_target(sanitized_tests)
add_custom_target(fuzzers)

# sitecast_test(NAME SOURCES … DEPS … [LABELS …] [TIMEOUT s] [SANITIZE]): a GoogleTest binary registered
# as one ctest test of the same name, so that `ctest` starts each binary once. SANITIZE: scripts/test
# runs it under ASan and UBSan as well (decoders, durability, threads; not every test, for time's sake).
function(sitecast_test name)
  cmake_parse_arguments(ARG "SANITIZE" "TIMEOUT" "SOURCES;DEPS;LABELS" ${ARGN})
  sitecast_executable(${name} SOURCES ${ARG_SOURCES} DEPS ${ARG_DEPS} GTest::gtest_main GTest::gmock)
  set_target_properties(${name} PROPERTIES UNITY_BUILD ${SITECAST_UNITY} UNITY_BUILD_BATCH_SIZE 8)
  target_compile_definitions(${name} PRIVATE
    SITECAST_SOURCE_DIR="${PROJECT_SOURCE_DIR}" SITECAST_TEST_DATA="${SITECAST_TEST_DATA}"
    SITECAST_BIN_DIR="${CMAKE_RUNTIME_OUTPUT_DIRECTORY}")
  if(NOT ARG_TIMEOUT)
    set(ARG_TIMEOUT 120)
  endif()
  if(NOT ARG_LABELS)
    set(ARG_LABELS unit)
  endif()
  if(ARG_SANITIZE)
    list(APPEND ARG_LABELS sanitize)
    add_dependencies(sanitized_tests ${name})
  endif()
  add_test(NAME ${name} COMMAND ${name})
  set_tests_properties(${name} PROPERTIES TIMEOUT ${ARG_TIMEOUT} LABELS "${ARG_LABELS}"
    ENVIRONMENT "ASAN_OPTIONS=fast_unwind_on_malloc=0;LSAN_OPTIONS=suppressions=${PROJECT_SOURCE_DIR}/tests/support/lsan.supp;TSAN_OPTIONS=suppressions=${PROJECT_SOURCE_DIR}/tests/support/tsan.supp;G_SLICE=always-malloc")
endfunction()

# sitecast_fuzzer(NAME SOURCES … DEPS …): defines fuzz_one() of tests/fuzz/fuzz.h; its corpus is
# tests/fuzz/corpus/NAME. With SITECAST_FUZZ a libFuzzer target, whose test (label fuzz) replays the
# corpus and then searches on for SITECAST_FUZZ_SECONDS (environment; default 5); without, a test
# NAME_replay of the corpus alone.
function(sitecast_fuzzer name)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPS" ${ARGN})
  set(corpus ${PROJECT_SOURCE_DIR}/tests/fuzz/corpus/${name})
  if(SITECAST_FUZZ)
    sitecast_executable(${name}
      SOURCES ${ARG_SOURCES} ${PROJECT_SOURCE_DIR}/tests/fuzz/fuzz_entry.cpp DEPS ${ARG_DEPS})
    target_link_options(${name} PRIVATE -fsanitize=fuzzer)
    add_dependencies(fuzzers ${name})
    add_test(NAME fuzz.${name} COMMAND ${PROJECT_SOURCE_DIR}/tests/fuzz/run_fuzzer.sh
      $<TARGET_FILE:${name}> ${corpus})
    set_tests_properties(fuzz.${name} PROPERTIES LABELS fuzz)
  else()
    sitecast_executable(${name}_replay
      SOURCES ${ARG_SOURCES} ${PROJECT_SOURCE_DIR}/tests/fuzz/replay_main.cpp
      DEPS ${ARG_DEPS} sc_base)
    add_dependencies(sanitized_tests ${name}_replay)
    add_test(NAME ${name}_replay COMMAND ${name}_replay ${corpus})
    set_tests_properties(${name}_replay PROPERTIES LABELS "unit;sanitize" TIMEOUT 120)
  endif()
endfunction()
