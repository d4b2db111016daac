export default {
  title: 'Train',
};
