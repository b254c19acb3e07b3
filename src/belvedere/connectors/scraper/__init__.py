"""What a shop shows of itself: conversion pages and themes."""
